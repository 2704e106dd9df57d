"""A BottleCRM on this machine, to try a sync with: the real application, with an organization, a user and some leads.

    make bottlecrm                                             with 200 leads, until Ctrl-C
    .venv-bottlecrm/bin/python examples/bottlecrm/trial.py serve --folder DIR --port 8800 --leads 0
    .venv-bottlecrm/bin/python examples/bottlecrm/trial.py change          a visitor asks for an offer
    .venv-bottlecrm/bin/python examples/bottlecrm/trial.py show LEAD       its custom fields
    .venv-bottlecrm/bin/python examples/bottlecrm/trial.py hook URL

`serve` makes the folder on its first start, and writes the token of its API to `token` in it, which only you can read.
`hook` subscribes a URL to changes of leads, and prints the secret that signs them; in BottleCRM itself an administrator
does this on a page. There, a webhook goes to public addresses alone; with `serve --hooks-to-loopback` it may go to this
machine too.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import socket
import sys
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path

# What our card reads beyond BottleCRM's own fields, and what a sync writes back (`--fields` would make those).
CUSTOM_FIELDS = (
    ("need", "Need", "dropdown", ("none", "vague", "clear", "urgent")),
    ("budget", "Budget in EUR", "number", ()),
    ("decision_role", "Role in the decision", "dropdown", ("decider", "influencer", "user")),
    ("last_visit", "Last visit of the website", "date", ()),
)
COMPANIES = ("Aare Pumpen", "Birk & Sohn", "Cortado Foods", "Delft Optics", "Elbe Logistik", "Fjord Seafood")
INDUSTRIES = ("COMPUTER", "EDUCATION", "ELECTRONICS", "ENERGY", "BANKING")
TITLES = ("Head of Sales", "Sales Assistant", "Managing Director", "Buyer", "CTO")
SOURCES = ("website", "referral", "email", "event")


def main() -> None:
    """Do what the command line asks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve")
    serve.add_argument("--port", type=int, default=8800)
    serve.add_argument("--leads", type=int, default=200)
    serve.add_argument("--hooks-to-loopback", action="store_true")
    hook = commands.add_parser("hook")
    hook.add_argument("url")
    show = commands.add_parser("show")
    show.add_argument("lead")
    change = commands.add_parser("change")
    change.add_argument("--days-ago", type=int, default=0, help="days since the visit")
    for command in (serve, hook, show, change):
        command.add_argument("--folder", type=Path, default=Path("bottlecrm-trial"))
    options = parser.parse_args()

    options.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    os.chdir(options.folder)  # BottleCRM writes its logs to where it is started
    os.environ["DJANGO_SETTINGS_MODULE"] = "trial_settings"
    warnings.filterwarnings("ignore")  # of Django 5.2, about settings of Django 6

    import django

    django.setup()
    logging.getLogger("common.middleware.rls_context").setLevel(logging.CRITICAL)  # it misses what PostgreSQL has
    if options.command == "serve":
        if not Path("token").exists():
            fill(options.leads)
        if options.hooks_to_loopback:
            allow_loopback()
        run_server(options.port)
    elif options.command == "hook":
        print(subscribe(options.url))
    elif options.command == "show":
        show_lead(options.lead)
    else:
        print(change_lead(options.days_ago))


def fill(count: int) -> None:
    """Make the tables, an organization with an administrator, custom fields, leads, and the token of the API."""
    from common.models import CustomFieldDefinition, Org, PersonalAccessToken, Profile, User
    from django.core.management import call_command
    from django.db import transaction
    from leads.models import Lead

    print("Making the tables of BottleCRM …", flush=True)
    call_command("migrate", run_syncdb=True, verbosity=0, skip_checks=True)
    with transaction.atomic():
        org = Org.objects.create(name="Trial", default_currency="EUR")
        user = User.objects.create(email="admin@example.com", is_active=True)
        profile = Profile.objects.create(user=user, org=org, role="ADMIN", is_active=True)
        for number, (key, label, kind, choices) in enumerate(CUSTOM_FIELDS):
            pairs = [{"value": choice, "label": choice.capitalize()} for choice in choices]
            CustomFieldDefinition.objects.create(
                org=org,
                target_model="Lead",
                key=key,
                label=label,
                field_type=kind,
                options=pairs or None,
                display_order=number,
            )
        leads = make_leads(count, org, user)
        days = [lead.created_at for lead in leads]
        for lead, day in zip(Lead.objects.bulk_create(leads), days, strict=True):
            lead.created_at = lead.updated_at = day  # which are those of now by then
        Lead.objects.bulk_update(leads, ["created_at", "updated_at"])
        scopes = ["leads:read", "leads:write", "custom-fields:read", "custom-fields:write", "org:read", "profile:read"]
        token, _ = PersonalAccessToken.generate(profile, "leadledger", scopes)
    path = Path("token")
    path.touch(mode=0o600)
    path.write_text(f"LEADLEDGER_BOTTLECRM_TOKEN={token}\n")


def make_leads(count: int, org: object, user: object) -> list[object]:
    """Leads of the last 60 days, the same on each start."""
    from leads.models import Lead

    dice, today, leads = random.Random(7), datetime.now(UTC), []
    for number in range(count):
        created = today - timedelta(days=dice.randrange(3, 60), minutes=dice.randrange(600))
        custom = {
            "need": dice.choice(("none", "vague", "vague", "clear", "urgent")),
            "budget": float(dice.choice((0, 2_000, 8_000, 20_000, 60_000))),
            "decision_role": dice.choice(("decider", "influencer", "user")),
            "last_visit": (today - timedelta(days=dice.randrange(3, 30))).date().isoformat(),
        }
        known = {key: value for key, value in custom.items() if dice.random() < 0.8}
        lead = Lead(
            org=org,
            created_by=user,
            title=f"Enquiry {number + 1}",
            first_name=dice.choice(("Ada", "Bo", "Chloé", "Daan")),
            last_name=f"Example {number + 1}",
            email=f"lead{number + 1}@example.com",
            company_name=dice.choice(COMPANIES),
            job_title=dice.choice(TITLES),
            industry=dice.choice(INDUSTRIES),
            source=dice.choice(SOURCES),
            status=dice.choice(("assigned", "assigned", "in process", "closed")),
            custom_fields=known,
        )
        lead.created_at = lead.updated_at = created
        leads.append(lead)
    return leads


def change_lead(days_ago: int) -> str:
    """The newest lead that isn't urgent yet asks for an offer, after a visit some days ago. Returns its id."""
    from leads.models import Lead

    open_leads = Lead.objects.exclude(status__in=("converted", "closed")).order_by("-created_at", "id")
    lead = next((lead for lead in open_leads if lead.custom_fields.get("need") != "urgent"), None)
    if lead is None:
        raise SystemExit("Every lead is urgent already")
    offer = {"need": "urgent", "budget": 60_000.0, "decision_role": "decider"}
    visit = datetime.now(UTC).date() - timedelta(days=days_ago)
    lead.custom_fields = {**lead.custom_fields, **offer, "last_visit": visit.isoformat()}
    lead.save()
    return str(lead.id)


def show_lead(lead_id: str) -> None:
    """Print the custom fields of a lead."""
    from leads.models import Lead

    for name, value in sorted(Lead.objects.get(id=lead_id).custom_fields.items()):
        print(f"{name} = {' / '.join(str(value).splitlines())}")


def subscribe(url: str) -> str:
    """A webhook for what happens to leads. Returns the secret that signs it."""
    from common.models import Org, Profile
    from webhooks.models import WebhookEndpoint

    org = Org.objects.get(name="Trial")
    user = Profile.objects.get(org=org, role="ADMIN").user
    events = ["lead.created", "lead.updated", "lead.deleted"]
    return WebhookEndpoint.objects.create(org=org, url=url, events=events, created_by=user).secret


def allow_loopback() -> None:
    """Let webhooks go to this machine, on any port and without TLS: for a trial alone."""
    from webhooks import ssrf

    is_blocked = ssrf.is_blocked
    ssrf.is_blocked = lambda address: not address.is_loopback and is_blocked(address)
    ssrf._allowed_schemes = lambda: ("https", "http")
    ssrf._allowed_ports = lambda: range(1, 65_536)


def run_server(port: int) -> None:
    """Serve the API and its webhooks until the process is stopped; on any free port if it is 0."""
    import uvicorn

    listener = socket.create_server(("127.0.0.1", port))
    where = f"http://127.0.0.1:{listener.getsockname()[1]}"
    print(f"BottleCRM: {where}  Token of its API: {Path('token').resolve()}", flush=True)
    config = uvicorn.Config("crm.asgi:application", lifespan="off", log_level="warning", timeout_graceful_shutdown=5)
    uvicorn.Server(config).run([listener])


if __name__ == "__main__":
    main()
