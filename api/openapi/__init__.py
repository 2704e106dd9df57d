"""The contract as OpenAPI: schemas, examples, the card's lead, and older versions for older programs."""
