"""What results and figures say to people: pure functions that pages, spreadsheets and mails share."""
