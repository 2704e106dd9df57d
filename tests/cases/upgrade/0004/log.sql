BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0004');
CREATE TABLE answers (
	"key" TEXT NOT NULL, 
	name TEXT NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	at VARCHAR(27) NOT NULL, 
	body TEXT NOT NULL, 
	scores TEXT NOT NULL, 
	PRIMARY KEY ("key", name)
);
CREATE TABLE book (
	"key" TEXT NOT NULL, 
	lead TEXT NOT NULL, 
	score_id VARCHAR(26) NOT NULL, 
	at VARCHAR(27) NOT NULL, 
	as_of VARCHAR(10) NOT NULL, 
	card TEXT NOT NULL, 
	card_digest VARCHAR(64) NOT NULL, 
	release TEXT NOT NULL, 
	tenths INTEGER NOT NULL, 
	score INTEGER NOT NULL, 
	probability FLOAT, 
	percentile INTEGER, 
	grade TEXT NOT NULL, 
	axis_grades TEXT NOT NULL, 
	recommendation TEXT NOT NULL, 
	stage TEXT NOT NULL, 
	to_stage TEXT NOT NULL, 
	since VARCHAR(10) NOT NULL, 
	below_since VARCHAR(10), 
	distance INTEGER, 
	change INTEGER NOT NULL, 
	earlier_tenths INTEGER, 
	earlier_on VARCHAR(10), 
	recent_tenths INTEGER, 
	recent_on VARCHAR(10), 
	owner TEXT NOT NULL, 
	rejected_on VARCHAR(10), 
	snoozed_until VARCHAR(10), 
	input TEXT NOT NULL, title TEXT DEFAULT '' NOT NULL, answered_on VARCHAR(10), 
	PRIMARY KEY ("key")
);
INSERT INTO "book" VALUES('L-1','L-1','01m8n71sw8znkfg5srd446c4a7','2026-11-30T03:12:52.104686Z','2026-01-02','b2b-software','5c735ea60ac3b82649846e5376000f7af6f3ec116820d29bfc542ba56e9c125d','',650,65,0.218588,NULL,'B','','ask','lead','opportunity','2026-01-02',NULL,-250,0,NULL,NULL,NULL,NULL,'',NULL,NULL,'{"values": {"lead_id": "L-1", "employees": 20.0, "need": "urgent", "newsletter": false}, "ignored": []}','',NULL);
INSERT INTO "book" VALUES('L-2','L-2','01m8n71sbwsh2j0mqn675d7zfk','2026-11-30T03:12:51.580831Z','2026-01-02','b2b-software-events','','2026-01-01-002',500,50,0.3,NULL,'C','??','nurture','lead','opportunity','2026-01-02',NULL,-400,0,NULL,NULL,NULL,NULL,'','2026-11-30',NULL,'{"values": {"lead_id": "L-2", "employees": 40.0, "need": "vague", "newsletter": true, "last_recommendation": "nurture", "recommended_to": "opportunity", "recommended_since": "2026-01-02"}, "ignored": [], "events": {"known": false, "counted": 0, "machine": 0, "repeated": 0, "future": 0, "late": 0, "unknown_kinds": [], "at_least": [], "rules": [{"rule": "reads_prices", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "follows_mails", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "sends_forms", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "asks_for_demo", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "talks", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}]}}','','2026-11-30');
INSERT INTO "book" VALUES('L-3','L-3','01m8n71sbw1fc8csd6djxzqbqm','2026-11-30T03:12:51.582471Z','2026-01-02','b2b-software-events','','2026-01-01-002',350,35,0.131585,NULL,'D','??','nurture','lead','opportunity','2026-01-02',NULL,-550,0,NULL,NULL,NULL,NULL,'',NULL,NULL,'{"values": {"lead_id": "L-3", "employees": 60.0, "need": "none", "newsletter": false, "last_recommendation": "nurture", "recommended_to": "opportunity", "recommended_since": "2026-01-02"}, "ignored": [], "events": {"known": false, "counted": 0, "machine": 0, "repeated": 0, "future": 0, "late": 0, "unknown_kinds": [], "at_least": [], "rules": [{"rule": "reads_prices", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "follows_mails", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "sends_forms", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "asks_for_demo", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "talks", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}]}}','',NULL);
INSERT INTO "book" VALUES('L-4','L-4','01m8n71sbykk00h3y6ymkt4ez0','2026-11-30T03:12:51.582763Z','2026-01-02','b2b-software-events','','2026-01-01-002',760,76,0.722096,NULL,'A','??','ask','lead','opportunity','2026-01-02',NULL,-140,0,NULL,NULL,NULL,NULL,'',NULL,NULL,'{"values": {"lead_id": "L-4", "employees": 80.0, "need": "urgent", "newsletter": true, "last_recommendation": "nurture", "recommended_to": "opportunity", "recommended_since": "2026-01-02"}, "ignored": [], "events": {"known": false, "counted": 0, "machine": 0, "repeated": 0, "future": 0, "late": 0, "unknown_kinds": [], "at_least": [], "rules": [{"rule": "reads_prices", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "follows_mails", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "sends_forms", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "asks_for_demo", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "talks", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}]}}','',NULL);
INSERT INTO "book" VALUES('L-5','L-5','01m8n71sbyjya1ab132w3y207t','2026-11-30T03:12:51.582894Z','2026-01-02','b2b-software-events','','2026-01-01-002',490,49,0.285649,NULL,'C','??','nurture','lead','opportunity','2026-01-02',NULL,-410,0,NULL,NULL,NULL,NULL,'',NULL,NULL,'{"values": {"lead_id": "L-5", "employees": 100.0, "need": "vague", "newsletter": false, "last_recommendation": "nurture", "recommended_to": "opportunity", "recommended_since": "2026-01-02"}, "ignored": [], "events": {"known": false, "counted": 0, "machine": 0, "repeated": 0, "future": 0, "late": 0, "unknown_kinds": [], "at_least": [], "rules": [{"rule": "reads_prices", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "follows_mails", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "sends_forms", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "asks_for_demo", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "talks", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}]}}','',NULL);
INSERT INTO "book" VALUES('L-6','L-6','01m8n71sby0aycq054q1g4v28m','2026-11-30T03:12:51.585194Z','2026-01-02','b2b-software-events','','2026-01-01-002',760,76,0.722096,NULL,'A','??','ask','lead','opportunity','2026-01-02',NULL,-140,0,NULL,NULL,NULL,NULL,'',NULL,NULL,'{"values": {"lead_id": "L-6", "employees": 120.0, "need": "urgent", "newsletter": true, "last_recommendation": "nurture", "recommended_to": "opportunity", "recommended_since": "2026-01-02"}, "ignored": [], "events": {"known": false, "counted": 0, "machine": 0, "repeated": 0, "future": 0, "late": 0, "unknown_kinds": [], "at_least": [], "rules": [{"rule": "reads_prices", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "follows_mails", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "sends_forms", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "asks_for_demo", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "talks", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}]}}','',NULL);
CREATE TABLE cards (
	digest VARCHAR(64) NOT NULL, 
	text TEXT NOT NULL, 
	PRIMARY KEY (digest)
);
INSERT INTO "cards" VALUES('5c735ea60ac3b82649846e5376000f7af6f3ec116820d29bfc542ba56e9c125d','# The scorecard of a firm that sells software to other firms.
#
# How to read it: 50 points is the average lead, and 10 points more double the odds that a lead becomes an opportunity.
# A rule counts only when its condition is known to be true: a lead whose budget nobody asked for neither gains nor
# loses by the budget rules, and the recommendation says which question to ask. Change a number, then run
#   leadledger check examples/b2b-software/card.yaml
# which runs the cases at the end of this file.

name: b2b-software
title: Business software, new customers

missing: ["", "n/a", "Select"] # what our web forms and spreadsheets write when nobody answered

# What we know of a lead. `from` names the same thing in a CRM, `ask` is the question that gets the answer.
# `learn: no` keeps a field out of training: it may still be used in rules.
fields:
  lead_id: {kind: id, from: {salesforce: Id, hubspot: hs_object_id}}
  company: {kind: text, learn: no, from: {salesforce: Company, hubspot: company}}
  stage: {kind: text, values: [contact, lead, opportunity, customer], learn: no} # what we decide, so not a clue
  created: {kind: date, from: {salesforce: CreatedDate, hubspot: createdate}}
  country: {kind: text, from: {salesforce: CountryCode, hubspot: hs_country_region_code}}
  industry: {kind: text, from: {salesforce: Industry, hubspot: industry}, ask: "What line of business are you in?"}
  # No `better: higher` here: the largest firms buy by tender, and are slower than those of a few hundred people.
  # HubSpot''s numemployees is a range ("25-50"); its numberofemployees belongs to the company, so copy it to the contact.
  employees:
    kind: number
    from: {salesforce: NumberOfEmployees, hubspot: numberofemployees}
    ask: "How many people work for you?"
  annual_revenue: {kind: number, unit: EUR, from: {salesforce: AnnualRevenue, hubspot: annualrevenue}}
  job_title: {kind: text, learn: no, from: {salesforce: Title, hubspot: jobtitle}} # free text: see senior_title
  lead_source:
    kind: text
    values: [web_form, content_download, webinar, trade_fair, referral, partner, outbound, bought_list]
    from: {salesforce: LeadSource}
  need:
    kind: text
    values: [none, vague, clear, urgent]
    ask: "Which problem must it solve, and how badly?"
  budget: {kind: number, unit: EUR, better: higher, ask: "What budget is set aside for it?"}
  decision_role:
    kind: text
    values: [decider, influencer, user]
    label: role in the decision
    ask: "Who decides, and what is your part in it?"
  decision_date: {kind: date, ask: "When must a decision be made?"}
  supplier_status:
    kind: text
    values: [has_supplier, reviewing, dismissed, none]
    label: present supplier
    ask: "Who supplies this today, and are you going to stay with them?"
  last_activity: {kind: date, from: {salesforce: LastActivityDate, hubspot: notes_last_updated}}
  pages_viewed: {kind: number, label: pages viewed in 30 days, from: {hubspot: hs_analytics_num_page_views}}
  pricing_visits: {kind: number, better: higher, label: visits to the price page in 30 days}
  demo_requested: {kind: flag}
  newsletter: {kind: flag, label: reads the newsletter}
  unsubscribed: {kind: flag, learn: no, from: {salesforce: HasOptedOutOfEmail, hubspot: hs_email_optout}}
  competitor: {kind: flag, learn: no}

  # Worked out from the fields above, on the day of the score.
  days_silent: {kind: number, is: days_since(last_activity), label: days since the last activity}
  days_to_decision: {kind: number, is: days_until(decision_date), label: days until the decision}
  senior_title:
    kind: flag
    is: >-
      contains(job_title, ''chief'') or contains(job_title, ''director'') or starts_with(job_title, ''head of'')
      or starts_with(job_title, ''ceo'') or starts_with(job_title, ''cfo'') or starts_with(job_title, ''cto'')
      or starts_with(job_title, ''vp'') or starts_with(job_title, ''vice president'')
  junior_title:
    kind: flag
    is: contains(job_title, ''junior'') or contains(job_title, ''trainee'') or contains(job_title, ''assistant'')

  # Sales fills these in after the fact: the status becomes "Converted" when the lead does, and a proposal is priced
  # only for those who asked for one. On the day when a lead is scored they say nothing: a model must never learn from
  # them.
  lead_status: {kind: text, learn: no, from: {salesforce: Status, hubspot: hs_lead_status}}
  proposal_value: {kind: number, unit: EUR, learn: no}

# What training learns to foresee. The history has a column opportunity_date, empty for a lead that became none.
outcome:
  became: {field: opportunity_date, kind: date}
  since: created
  within: 90 days
base_rate: 0.09 # one lead in eleven, until a history measures it

# What a lead must have, whatever its points. `essential: no`: a good sign, but not a must.
criteria:
  need: {met: "need in (''clear'', ''urgent'')", label: a clear need}
  budget: {met: budget >= 10000, label: "a budget of 10,000 EUR or more"}
  timing: {met: days_to_decision between 0 and 180, label: a decision within half a year}
  authority: {met: "decision_role in (''decider'', ''influencer'')", essential: no, label: a say in the decision}

groups:
  engagement: {max: 20, min: -15} # clicks are cheap: together they never outweigh a need and a budget
  size: {best_of: yes} # only the best of the size rules counts

rules:
  # The need
  - name: urgent_need
    when: need = ''urgent''
    points: 15
    reason: Has an urgent need
    why: "calls of 2024 and 2025: an urgent need became an opportunity more than twice as often as a clear one"
  - name: clear_need
    when: need = ''clear''
    points: 6
    reason: Can say which problem it must solve
    why: a named problem can be answered; a vague one has to be found first
  - name: vague_need
    when: need = ''vague''
    points: -6
    reason: Has only a vague need
    why: worth a newsletter, not yet a visit
  - name: no_need
    when: need = ''none''
    points: -20
    reason: Sees no need
    why: of 400 such leads that sales called in 2024, three came back

  # The means
  - name: budget_set
    when: budget >= 10000
    points: 6
    reason: Has a budget that covers the entry price
    why: the smallest contract is 10,000 EUR a year
  - name: small_budget
    when: budget < 5000
    points: -12
    reason: Has less than half of the entry price
    why: a gap that large has never been closed by a discount

  # Who we talk to
  - name: decider
    when: decision_role = ''decider''
    points: 8
    reason: Talks to the person who signs
    why: "won deals 2023-2025: two in three had one"
  - name: only_user
    when: decision_role = ''user''
    points: -8
    reason: Talks to a user, who has no say
    why: users like us and can''t sign
  - name: senior_title
    when: senior_title
    points: 4
    reason: Has a senior job title
    why: a weaker sign than the answer to who decides, and often all that we have
  - name: junior_title
    when: junior_title
    points: -7
    reason: Has a junior job title
    why: mostly collects offers for somebody else

  # The present supplier
  - name: supplier_dismissed
    when: supplier_status = ''dismissed''
    points: 14
    reason: Has dismissed the present supplier
    why: somebody has to be in place when the notice runs out
    since: 2024-03-01
  - name: supplier_reviewed
    when: supplier_status = ''reviewing''
    points: 4
    reason: Is reviewing the present supplier
    why: half of the reviews end with the old supplier, so less than a dismissal
  - name: supplier_kept
    when: supplier_status = ''has_supplier''
    points: -10
    reason: Is content with the present supplier
    why: a change costs them a quarter of a year

  # When
  - name: decides_soon
    when: days_to_decision between 0 and 60
    points: 8
    reason: Decides within 60 days
    why: our sales cycle, from first call to signature, is about 60 days
  - name: decides_late
    when: days_to_decision > 180
    points: -8
    reason: Decides in more than half a year
    why: plans that far away change; call again in the quarter before

  # Where the lead comes from
  - name: referred
    when: lead_source in (''referral'', ''partner'')
    points: 6
    reason: Was sent by a customer or a partner
    why: comes with trust, and with a need that a partner has seen
  - name: bought_list
    when: lead_source = ''bought_list''
    points: -12
    reason: Comes from a bought list
    why: never asked to hear from us

  # What the lead does: one cap for all of it, see groups
  - name: recent_activity
    when: days_silent <= 90
    points: 12
    half_life: 14 days of last_activity
    group: engagement
    reason: Was active lately
    why: "interest fades: two weeks after the last sign of life it is worth half, after four weeks a quarter"
  - name: price_page
    when: pricing_visits >= 1
    points: 6
    group: engagement
    reason: Looked at the prices
    why: those who read prices compare
  - name: demo_requested
    when: demo_requested
    points: 10
    group: engagement
    reason: Asked for a demonstration
    why: asks for an hour of our time and gives one of theirs
  - name: newsletter
    when: newsletter
    points: 6
    group: engagement
    reason: Reads the newsletter
    why: the newsletter team is sure of it (training will tell)
  - name: long_silence
    when: days_silent > 60
    points: -10
    group: engagement
    reason: Has been silent for two months
    why: one mail to wake it up, then leave it be

  # How large
  - name: tiny
    when: employees < 10
    points: -10
    reason: Is a very small firm
    why: the work of setting it up pays from about ten users on
  - name: right_size
    when: employees >= 50
    points: 5
    group: size
    reason: Is large enough to need it
    why: where people no longer know each other''s customers by heart
  - name: enterprise
    when: employees >= 1000
    points: 12
    group: size
    reason: Is one of the largest firms
    why: contracts are five times the size, which is not the same as being more likely (training will tell)

# Never to be promoted, whatever the points.
exclude:
  - {name: asked_to_stop, when: unsubscribed, reason: Asked not to be contacted}
  - {name: competitor, when: competitor, reason: Is a competitor}
  - {name: student, when: "contains(job_title, ''student'')", reason: Is a student}

# A contact is somebody we can reach. A lead has a need and the means. An opportunity is a lead that is very likely to
# buy.
stages:
  - {name: contact}
  - {name: lead, requires: [need, budget]}
  - name: opportunity
    requires: [need, budget, timing]
    points: 90 # the line set by hand, for as long as no history can promise the precision below
    probability: {precision: 0.70, confidence: 0.90} # seven in ten of those promoted become one; we are 90 % sure
  - {name: customer}

grades: {A: 70, B: 55, C: 40} # points; below C is D

# The card''s own tests, on the rules alone: every lead starts at 50.
cases:
  - name: everything speaks for it
    as_of: 2026-01-01
    lead:
      stage: lead
      need: urgent
      budget: 60000
      decision_role: decider
      decision_date: 2026-02-15
      supplier_status: dismissed
      lead_source: referral
      last_activity: 2026-01-01
      demo_requested: yes
      employees: 120
    # 50 + 15 + 6 + 8 + 14 + 8 + 6 + 20 (engagement: 22, cut to 20) + 5
    expect: {recommendation: promote, to: opportunity, points: 132, score: 100, grade: A}

  - name: activity fades by half in two weeks
    as_of: 2026-01-15
    lead: {last_activity: 2026-01-01}
    expect: {points: 56, grade: B, fires: [recent_activity], not_fires: [long_silence]}

  - name: nobody asked when they decide
    lead: {stage: lead, need: urgent, budget: 25000, decision_role: decider}
    expect: {recommendation: ask, points: 79, grade: A, fires: [urgent_need, budget_set, decider]}

  - name: a contact with a need and the means is a lead
    lead:
      stage: contact
      need: clear
      budget: "12000"
      decision_role: user
      decision_date: 2026-12-31
      supplier_status: reviewing
    expect: {recommendation: promote, to: lead, points: 50}

  - name: no need, so keep in touch
    lead:
      stage: lead
      need: none
      budget: 6000
      decision_role: influencer
      decision_date: 2027-06-30
      job_title: Office assistant
    expect: {recommendation: nurture, points: 15, grade: D, fires: [no_need, decides_late, junior_title]}

  - name: only the best of the size rules counts
    lead: {employees: 8000}
    expect: {points: 62, fires: [enterprise]}

  - name: a title tells, whatever its capitals
    lead: {job_title: HEAD OF Operations}
    expect: {points: 54, fires: [senior_title], not_fires: [junior_title]}

  - name: what nobody answered earns and costs nothing
    lead: {need: Select, budget: n/a, industry: "", decision_role: ""}
    expect: {points: 50, not_fires: [urgent_need, clear_need, vague_need, no_need, budget_set, small_budget, only_user]}

  - name: asked to be left alone
    lead: {stage: lead, need: urgent, budget: 80000, decision_role: decider, unsubscribed: "yes"}
    expect: {recommendation: disqualify}

  - name: a student, however keen
    lead: {need: urgent, job_title: "Master''s student, NTNU", demo_requested: yes}
    expect: {recommendation: disqualify, fires: [urgent_need, demo_requested]}

  - name: already an opportunity
    lead: {stage: opportunity, need: urgent, budget: 30000, decision_date: 2026-03-31, supplier_status: dismissed}
    expect: {recommendation: keep, points: 85}
');
CREATE TABLE deliveries (
	message INTEGER NOT NULL, 
	subscription VARCHAR(30) NOT NULL, 
	lead_key TEXT NOT NULL, 
	state TEXT NOT NULL, 
	attempts INTEGER NOT NULL, 
	due VARCHAR(27) NOT NULL, 
	status INTEGER, 
	problem TEXT NOT NULL, 
	PRIMARY KEY (message, subscription)
);
CREATE TABLE events (
	number INTEGER NOT NULL, 
	lead TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	time VARCHAR(27) NOT NULL, 
	received VARCHAR(27) NOT NULL, 
	id TEXT NOT NULL, 
	source TEXT NOT NULL, 
	system TEXT NOT NULL, 
	properties TEXT NOT NULL, 
	digest VARCHAR(32) NOT NULL, 
	at VARCHAR(27) NOT NULL, 
	"key" TEXT NOT NULL, 
	PRIMARY KEY (number), 
	CONSTRAINT events_once UNIQUE (source, id, digest)
);
INSERT INTO "events" VALUES(1,'L-1','visit','2026-01-02','2026-11-30T03:12:50.891455Z','v1','','plain','{"path":"/pricing"}','6cd89590715f0ee73401a479f7c503bb','2026-11-30T03:12:50.891455Z','ffaab2d8');
CREATE TABLE feedback (
	number INTEGER NOT NULL, 
	lead_key TEXT NOT NULL, 
	lead TEXT NOT NULL, 
	verb TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	entry TEXT NOT NULL, 
	until VARCHAR(10), 
	"on" VARCHAR(10) NOT NULL, 
	score_id VARCHAR(26) NOT NULL, 
	at VARCHAR(27) NOT NULL, 
	"key" TEXT NOT NULL, 
	PRIMARY KEY (number)
);
INSERT INTO "feedback" VALUES(1,'L-2','L-2','reject','no_budget','',NULL,'2026-11-30','01m8n71rqk3nv4d4z8j0z2s60c','2026-11-30T03:12:50.978313Z','ffaab2d8');
CREATE TABLE joins (
	number INTEGER NOT NULL, 
	verb TEXT NOT NULL, 
	lead TEXT NOT NULL, 
	other TEXT NOT NULL, 
	received VARCHAR(27) NOT NULL, 
	at VARCHAR(27) NOT NULL, 
	"key" TEXT NOT NULL, 
	PRIMARY KEY (number), 
	CONSTRAINT joins_once UNIQUE (lead, other, verb)
);
CREATE TABLE messages (
	number INTEGER NOT NULL, 
	id VARCHAR(30) NOT NULL, 
	lead_key TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	at VARCHAR(27) NOT NULL, 
	body TEXT NOT NULL, 
	PRIMARY KEY (number), 
	UNIQUE (id)
);
CREATE TABLE outcomes (
	id INTEGER NOT NULL, 
	lead TEXT, 
	became TEXT NOT NULL, 
	"on" VARCHAR(10) NOT NULL, 
	at VARCHAR(27) NOT NULL, 
	"key" TEXT NOT NULL, 
	PRIMARY KEY (id), 
	CONSTRAINT outcomes_once UNIQUE (lead, became, "on")
);
INSERT INTO "outcomes" VALUES(1,'L-1','opportunity','2026-01-02','2026-11-30T03:12:50.944882Z','ffaab2d8');
CREATE TABLE scores (
	id VARCHAR(26) NOT NULL, 
	at VARCHAR(27) NOT NULL, 
	lead TEXT, 
	card TEXT NOT NULL, 
	card_digest VARCHAR(64) NOT NULL, 
	release TEXT NOT NULL, 
	as_of VARCHAR(10) NOT NULL, 
	tenths INTEGER NOT NULL, 
	score INTEGER NOT NULL, 
	probability FLOAT, 
	grade TEXT NOT NULL, 
	recommendation TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	input TEXT, 
	result TEXT, 
	PRIMARY KEY (id)
);
INSERT INTO "scores" VALUES('01m8n71rqk247pxj2m9k7n9d8n','2026-11-30T03:12:50.931304Z','L-1','b2b-software-events','','2026-01-01-001','2026-01-02',580,58,3.03269545022927633493e-01,'B','nurture','ffaab2d8','{"values": {"lead_id": "L-1", "employees": 20.0, "need": "urgent", "newsletter": false}, "ignored": [], "events": {"known": false, "counted": 0, "machine": 0, "repeated": 0, "future": 0, "late": 0, "unknown_kinds": [], "at_least": [], "rules": [{"rule": "reads_prices", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "follows_mails", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "sends_forms", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "asks_for_demo", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "talks", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}]}}','{"id":"01m8n71rqk247pxj2m9k7n9d8n","card":"b2b-software-events","release":"2026-01-01-001","as_of":"2026-01-02","score":58,"points":58.0,"low":39.0,"high":76.0,"plus_minus":null,"probability":0.30327,"grade":"B","axis_grades":"??","fit":8.0,"fit_unknown":0.575,"engagement":0.0,"engagement_unknown":1.0,"recommendation":"nurture","from":"lead","to":"opportunity","recommended_since":"2026-01-02","below_since":null,"line":90.0,"criteria":{"need":"met","budget":"unknown","timing":"unknown","authority":"unknown"},"reasons":["a budget of 10,000 EUR or more is not known","a decision within half a year is not known","58.0 points, 90.0 are needed","+7.5 Has an urgent need","+0.5 employees: 10 to 50"],"questions":[],"ledger":[{"name":"start","kind":"start","points":50.0,"reason":"Where every lead starts","why":"","axis":""},{"name":"urgent_need","kind":"rule","points":7.5,"reason":"Has an urgent need","why":"calls of 2024 and 2025: an urgent need became an opportunity more than twice as often as a clear one","axis":"fit"},{"name":"employees","kind":"table","points":0.5,"reason":"employees: 10 to 50","why":"","axis":"fit"}],"ignored":[],"events":{"known":false,"counted":0,"machine":0,"repeated":0,"future":0,"late":0,"unknown_kinds":[],"at_least":[],"rules":[{"rule":"reads_prices","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false},{"rule":"follows_mails","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false},{"rule":"sends_forms","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false},{"rule":"asks_for_demo","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false},{"rule":"talks","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false}]}}');
INSERT INTO "scores" VALUES('01m8n71rqk3nv4d4z8j0z2s60c','2026-11-30T03:12:50.931505Z','L-2','b2b-software-events','','2026-01-01-001','2026-01-02',505,51,2.05602870851843755328e-01,'C','nurture','ffaab2d8','{"values": {"lead_id": "L-2", "employees": 40.0, "need": "vague", "newsletter": true}, "ignored": [], "events": {"known": false, "counted": 0, "machine": 0, "repeated": 0, "future": 0, "late": 0, "unknown_kinds": [], "at_least": [], "rules": [{"rule": "reads_prices", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "follows_mails", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "sends_forms", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "asks_for_demo", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "talks", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}]}}','{"id":"01m8n71rqk3nv4d4z8j0z2s60c","card":"b2b-software-events","release":"2026-01-01-001","as_of":"2026-01-02","score":51,"points":50.5,"low":31.5,"high":68.5,"plus_minus":null,"probability":0.205603,"grade":"C","axis_grades":"??","fit":-2.5,"fit_unknown":0.575,"engagement":3.0,"engagement_unknown":1.0,"recommendation":"nurture","from":"lead","to":"opportunity","recommended_since":"2026-01-02","below_since":null,"line":90.0,"criteria":{"need":"unmet","budget":"unknown","timing":"unknown","authority":"unknown"},"reasons":["a clear need is not met","a budget of 10,000 EUR or more is not known","a decision within half a year is not known","50.5 points, 90.0 are needed","−3.0 Has only a vague need","+3.0 Reads the newsletter","+0.5 employees: 10 to 50"],"questions":[],"ledger":[{"name":"start","kind":"start","points":50.0,"reason":"Where every lead starts","why":"","axis":""},{"name":"vague_need","kind":"rule","points":-3.0,"reason":"Has only a vague need","why":"worth a newsletter, not yet a visit","axis":"fit"},{"name":"newsletter","kind":"rule","points":3.0,"reason":"Reads the newsletter","why":"the newsletter team is sure of it (training will tell)","axis":"engagement"},{"name":"employees","kind":"table","points":0.5,"reason":"employees: 10 to 50","why":"","axis":"fit"}],"ignored":[],"events":{"known":false,"counted":0,"machine":0,"repeated":0,"future":0,"late":0,"unknown_kinds":[],"at_least":[],"rules":[{"rule":"reads_prices","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false},{"rule":"follows_mails","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false},{"rule":"sends_forms","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false},{"rule":"asks_for_demo","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false},{"rule":"talks","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false}]}}');
INSERT INTO "scores" VALUES('01m8n71rqkw2rmcxf0r3k8c9ry','2026-11-30T03:12:50.931621Z','L-3','b2b-software-events','','2026-01-01-001','2026-01-02',445,45,1.45850350767952829933e-01,'C','nurture','ffaab2d8','{"values": {"lead_id": "L-3", "employees": 60.0, "need": "none", "newsletter": false}, "ignored": [], "events": {"known": false, "counted": 0, "machine": 0, "repeated": 0, "future": 0, "late": 0, "unknown_kinds": [], "at_least": [], "rules": [{"rule": "reads_prices", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "follows_mails", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "sends_forms", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "asks_for_demo", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "talks", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}]}}','{"id":"01m8n71rqkw2rmcxf0r3k8c9ry","card":"b2b-software-events","release":"2026-01-01-001","as_of":"2026-01-02","score":45,"points":44.5,"low":25.5,"high":62.5,"plus_minus":null,"probability":0.14585,"grade":"C","axis_grades":"??","fit":-5.5,"fit_unknown":0.575,"engagement":0.0,"engagement_unknown":1.0,"recommendation":"nurture","from":"lead","to":"opportunity","recommended_since":"2026-01-02","below_since":null,"line":90.0,"criteria":{"need":"unmet","budget":"unknown","timing":"unknown","authority":"unknown"},"reasons":["a clear need is not met","a budget of 10,000 EUR or more is not known","a decision within half a year is not known","44.5 points, 90.0 are needed","−10.0 Sees no need","+2.5 Is large enough to need it","+2.0 employees: 50 and up"],"questions":[],"ledger":[{"name":"start","kind":"start","points":50.0,"reason":"Where every lead starts","why":"","axis":""},{"name":"no_need","kind":"rule","points":-10.0,"reason":"Sees no need","why":"of 400 such leads that sales called in 2024, three came back","axis":"fit"},{"name":"right_size","kind":"rule","points":2.5,"reason":"Is large enough to need it","why":"where people no longer know each other''s customers by heart","axis":"fit"},{"name":"employees","kind":"table","points":2.0,"reason":"employees: 50 and up","why":"","axis":"fit"}],"ignored":[],"events":{"known":false,"counted":0,"machine":0,"repeated":0,"future":0,"late":0,"unknown_kinds":[],"at_least":[],"rules":[{"rule":"reads_prices","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false},{"rule":"follows_mails","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false},{"rule":"sends_forms","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false},{"rule":"asks_for_demo","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false},{"rule":"talks","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false}]}}');
INSERT INTO "scores" VALUES('01m8n71rqkw44dyymv4j6pn5c9','2026-11-30T03:12:50.931723Z','L-4','b2b-software-events','','2026-01-01-001','2026-01-02',650,65,4.14213562373095034452e-01,'B','nurture','ffaab2d8','{"values": {"lead_id": "L-4", "employees": 80.0, "need": "urgent", "newsletter": true}, "ignored": [], "events": {"known": false, "counted": 0, "machine": 0, "repeated": 0, "future": 0, "late": 0, "unknown_kinds": [], "at_least": [], "rules": [{"rule": "reads_prices", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "follows_mails", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "sends_forms", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "asks_for_demo", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "talks", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}]}}','{"id":"01m8n71rqkw44dyymv4j6pn5c9","card":"b2b-software-events","release":"2026-01-01-001","as_of":"2026-01-02","score":65,"points":65.0,"low":46.0,"high":83.0,"plus_minus":null,"probability":0.414214,"grade":"B","axis_grades":"??","fit":12.0,"fit_unknown":0.575,"engagement":3.0,"engagement_unknown":1.0,"recommendation":"nurture","from":"lead","to":"opportunity","recommended_since":"2026-01-02","below_since":null,"line":90.0,"criteria":{"need":"met","budget":"unknown","timing":"unknown","authority":"unknown"},"reasons":["a budget of 10,000 EUR or more is not known","a decision within half a year is not known","65.0 points, 90.0 are needed","+7.5 Has an urgent need","+3.0 Reads the newsletter","+2.5 Is large enough to need it"],"questions":[],"ledger":[{"name":"start","kind":"start","points":50.0,"reason":"Where every lead starts","why":"","axis":""},{"name":"urgent_need","kind":"rule","points":7.5,"reason":"Has an urgent need","why":"calls of 2024 and 2025: an urgent need became an opportunity more than twice as often as a clear one","axis":"fit"},{"name":"newsletter","kind":"rule","points":3.0,"reason":"Reads the newsletter","why":"the newsletter team is sure of it (training will tell)","axis":"engagement"},{"name":"right_size","kind":"rule","points":2.5,"reason":"Is large enough to need it","why":"where people no longer know each other''s customers by heart","axis":"fit"},{"name":"employees","kind":"table","points":2.0,"reason":"employees: 50 and up","why":"","axis":"fit"}],"ignored":[],"events":{"known":false,"counted":0,"machine":0,"repeated":0,"future":0,"late":0,"unknown_kinds":[],"at_least":[],"rules":[{"rule":"reads_prices","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false},{"rule":"follows_mails","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false},{"rule":"sends_forms","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false},{"rule":"asks_for_demo","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false},{"rule":"talks","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false}]}}');
INSERT INTO "scores" VALUES('01m8n71rqk0crwdbjhsbe20xxw','2026-11-30T03:12:50.931811Z','L-5','b2b-software-events','','2026-01-01-001','2026-01-02',515,52,2.17155178754972838506e-01,'C','nurture','ffaab2d8','{"values": {"lead_id": "L-5", "employees": 100.0, "need": "vague", "newsletter": false}, "ignored": [], "events": {"known": false, "counted": 0, "machine": 0, "repeated": 0, "future": 0, "late": 0, "unknown_kinds": [], "at_least": [], "rules": [{"rule": "reads_prices", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "follows_mails", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "sends_forms", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "asks_for_demo", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "talks", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}]}}','{"id":"01m8n71rqk0crwdbjhsbe20xxw","card":"b2b-software-events","release":"2026-01-01-001","as_of":"2026-01-02","score":52,"points":51.5,"low":32.5,"high":69.5,"plus_minus":null,"probability":0.217155,"grade":"C","axis_grades":"??","fit":1.5,"fit_unknown":0.575,"engagement":0.0,"engagement_unknown":1.0,"recommendation":"nurture","from":"lead","to":"opportunity","recommended_since":"2026-01-02","below_since":null,"line":90.0,"criteria":{"need":"unmet","budget":"unknown","timing":"unknown","authority":"unknown"},"reasons":["a clear need is not met","a budget of 10,000 EUR or more is not known","a decision within half a year is not known","51.5 points, 90.0 are needed","−3.0 Has only a vague need","+2.5 Is large enough to need it","+2.0 employees: 50 and up"],"questions":[],"ledger":[{"name":"start","kind":"start","points":50.0,"reason":"Where every lead starts","why":"","axis":""},{"name":"vague_need","kind":"rule","points":-3.0,"reason":"Has only a vague need","why":"worth a newsletter, not yet a visit","axis":"fit"},{"name":"right_size","kind":"rule","points":2.5,"reason":"Is large enough to need it","why":"where people no longer know each other''s customers by heart","axis":"fit"},{"name":"employees","kind":"table","points":2.0,"reason":"employees: 50 and up","why":"","axis":"fit"}],"ignored":[],"events":{"known":false,"counted":0,"machine":0,"repeated":0,"future":0,"late":0,"unknown_kinds":[],"at_least":[],"rules":[{"rule":"reads_prices","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false},{"rule":"follows_mails","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false},{"rule":"sends_forms","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false},{"rule":"asks_for_demo","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false},{"rule":"talks","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false}]}}');
INSERT INTO "scores" VALUES('01m8n71rqkx9em03jmw186n0v4','2026-11-30T03:12:50.931898Z','L-6','b2b-software-events','','2026-01-01-001','2026-01-02',650,65,4.14213562373095034452e-01,'B','nurture','ffaab2d8','{"values": {"lead_id": "L-6", "employees": 120.0, "need": "urgent", "newsletter": true}, "ignored": [], "events": {"known": false, "counted": 0, "machine": 0, "repeated": 0, "future": 0, "late": 0, "unknown_kinds": [], "at_least": [], "rules": [{"rule": "reads_prices", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "follows_mails", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "sends_forms", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "asks_for_demo", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "talks", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}]}}','{"id":"01m8n71rqkx9em03jmw186n0v4","card":"b2b-software-events","release":"2026-01-01-001","as_of":"2026-01-02","score":65,"points":65.0,"low":46.0,"high":83.0,"plus_minus":null,"probability":0.414214,"grade":"B","axis_grades":"??","fit":12.0,"fit_unknown":0.575,"engagement":3.0,"engagement_unknown":1.0,"recommendation":"nurture","from":"lead","to":"opportunity","recommended_since":"2026-01-02","below_since":null,"line":90.0,"criteria":{"need":"met","budget":"unknown","timing":"unknown","authority":"unknown"},"reasons":["a budget of 10,000 EUR or more is not known","a decision within half a year is not known","65.0 points, 90.0 are needed","+7.5 Has an urgent need","+3.0 Reads the newsletter","+2.5 Is large enough to need it"],"questions":[],"ledger":[{"name":"start","kind":"start","points":50.0,"reason":"Where every lead starts","why":"","axis":""},{"name":"urgent_need","kind":"rule","points":7.5,"reason":"Has an urgent need","why":"calls of 2024 and 2025: an urgent need became an opportunity more than twice as often as a clear one","axis":"fit"},{"name":"newsletter","kind":"rule","points":3.0,"reason":"Reads the newsletter","why":"the newsletter team is sure of it (training will tell)","axis":"engagement"},{"name":"right_size","kind":"rule","points":2.5,"reason":"Is large enough to need it","why":"where people no longer know each other''s customers by heart","axis":"fit"},{"name":"employees","kind":"table","points":2.0,"reason":"employees: 50 and up","why":"","axis":"fit"}],"ignored":[],"events":{"known":false,"counted":0,"machine":0,"repeated":0,"future":0,"late":0,"unknown_kinds":[],"at_least":[],"rules":[{"rule":"reads_prices","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false},{"rule":"follows_mails","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false},{"rule":"sends_forms","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false},{"rule":"asks_for_demo","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false},{"rule":"talks","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false}]}}');
INSERT INTO "scores" VALUES('01m8n71sbw92wx9m0qxzahqepf','2026-11-30T03:12:51.580575Z','L-1','b2b-software-events','','2026-01-01-002','2026-01-02',650,65,5.47957842623043811514e-01,'B','ask','ffaab2d8','{"values": {"lead_id": "L-1", "employees": 20.0, "need": "urgent", "newsletter": false, "last_recommendation": "nurture", "recommended_to": "opportunity", "recommended_since": "2026-01-02"}, "ignored": [], "events": {"known": false, "counted": 0, "machine": 0, "repeated": 0, "future": 0, "late": 0, "unknown_kinds": [], "at_least": [], "rules": [{"rule": "reads_prices", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "follows_mails", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "sends_forms", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "asks_for_demo", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "talks", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}]}}','{"id":"01m8n71sbw92wx9m0qxzahqepf","card":"b2b-software-events","release":"2026-01-01-002","as_of":"2026-01-02","score":65,"points":65.0,"low":27.0,"high":101.0,"plus_minus":null,"probability":0.547958,"grade":"B","axis_grades":"??","fit":15.0,"fit_unknown":0.608,"engagement":0.0,"engagement_unknown":1.0,"recommendation":"ask","from":"lead","to":"opportunity","recommended_since":"2026-01-02","below_since":null,"line":90.0,"criteria":{"need":"met","budget":"unknown","timing":"unknown","authority":"unknown"},"reasons":["a budget of 10,000 EUR or more is not known","a decision within half a year is not known","65.0 points, 90.0 are needed; answers could bring up to 101.0","+15.0 Has an urgent need"],"questions":[{"field":"budget","question":"What budget is set aside for it?","settles":0.6},{"field":"supplier_status","question":"Who supplies this today, and are you going to stay with them?","settles":0.5},{"field":"decision_role","question":"Who decides, and what is your part in it?","settles":0.333},{"field":"decision_date","question":"When must a decision be made?","settles":0.222}],"ledger":[{"name":"start","kind":"start","points":50.0,"reason":"Where every lead starts","why":"","axis":""},{"name":"urgent_need","kind":"rule","points":15.0,"reason":"Has an urgent need","why":"calls of 2024 and 2025: an urgent need became an opportunity more than twice as often as a clear one","axis":"fit"}],"ignored":[],"events":{"known":false,"counted":0,"machine":0,"repeated":0,"future":0,"late":0,"unknown_kinds":[],"at_least":[],"rules":[{"rule":"reads_prices","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false},{"rule":"follows_mails","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false},{"rule":"sends_forms","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false},{"rule":"asks_for_demo","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false},{"rule":"talks","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false}]}}');
INSERT INTO "scores" VALUES('01m8n71sbwsh2j0mqn675d7zfk','2026-11-30T03:12:51.580831Z','L-2','b2b-software-events','','2026-01-01-002','2026-01-02',500,50,0.3,'C','nurture','ffaab2d8','{"values": {"lead_id": "L-2", "employees": 40.0, "need": "vague", "newsletter": true, "last_recommendation": "nurture", "recommended_to": "opportunity", "recommended_since": "2026-01-02"}, "ignored": [], "events": {"known": false, "counted": 0, "machine": 0, "repeated": 0, "future": 0, "late": 0, "unknown_kinds": [], "at_least": [], "rules": [{"rule": "reads_prices", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "follows_mails", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "sends_forms", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "asks_for_demo", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "talks", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}]}}','{"id":"01m8n71sbwsh2j0mqn675d7zfk","card":"b2b-software-events","release":"2026-01-01-002","as_of":"2026-01-02","score":50,"points":50.0,"low":12.0,"high":86.0,"plus_minus":null,"probability":0.3,"grade":"C","axis_grades":"??","fit":-6.0,"fit_unknown":0.608,"engagement":6.0,"engagement_unknown":1.0,"recommendation":"nurture","from":"lead","to":"opportunity","recommended_since":"2026-01-02","below_since":null,"line":90.0,"criteria":{"need":"unmet","budget":"unknown","timing":"unknown","authority":"unknown"},"reasons":["a clear need is not met","a budget of 10,000 EUR or more is not known","a decision within half a year is not known","50.0 points, 90.0 are needed","−6.0 Has only a vague need","+6.0 Reads the newsletter"],"questions":[],"ledger":[{"name":"start","kind":"start","points":50.0,"reason":"Where every lead starts","why":"","axis":""},{"name":"vague_need","kind":"rule","points":-6.0,"reason":"Has only a vague need","why":"worth a newsletter, not yet a visit","axis":"fit"},{"name":"newsletter","kind":"rule","points":6.0,"reason":"Reads the newsletter","why":"the newsletter team is sure of it (training will tell)","axis":"engagement"}],"ignored":[],"events":{"known":false,"counted":0,"machine":0,"repeated":0,"future":0,"late":0,"unknown_kinds":[],"at_least":[],"rules":[{"rule":"reads_prices","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false},{"rule":"follows_mails","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false},{"rule":"sends_forms","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false},{"rule":"asks_for_demo","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false},{"rule":"talks","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false}]}}');
INSERT INTO "scores" VALUES('01m8n71sbw1fc8csd6djxzqbqm','2026-11-30T03:12:51.582471Z','L-3','b2b-software-events','','2026-01-01-002','2026-01-02',350,35,1.3158477707485638497e-01,'D','nurture','ffaab2d8','{"values": {"lead_id": "L-3", "employees": 60.0, "need": "none", "newsletter": false, "last_recommendation": "nurture", "recommended_to": "opportunity", "recommended_since": "2026-01-02"}, "ignored": [], "events": {"known": false, "counted": 0, "machine": 0, "repeated": 0, "future": 0, "late": 0, "unknown_kinds": [], "at_least": [], "rules": [{"rule": "reads_prices", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "follows_mails", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "sends_forms", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "asks_for_demo", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "talks", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}]}}','{"id":"01m8n71sbw1fc8csd6djxzqbqm","card":"b2b-software-events","release":"2026-01-01-002","as_of":"2026-01-02","score":35,"points":35.0,"low":-3.0,"high":71.0,"plus_minus":null,"probability":0.131585,"grade":"D","axis_grades":"??","fit":-15.0,"fit_unknown":0.608,"engagement":0.0,"engagement_unknown":1.0,"recommendation":"nurture","from":"lead","to":"opportunity","recommended_since":"2026-01-02","below_since":null,"line":90.0,"criteria":{"need":"unmet","budget":"unknown","timing":"unknown","authority":"unknown"},"reasons":["a clear need is not met","a budget of 10,000 EUR or more is not known","a decision within half a year is not known","35.0 points, 90.0 are needed","−20.0 Sees no need","+5.0 Is large enough to need it"],"questions":[],"ledger":[{"name":"start","kind":"start","points":50.0,"reason":"Where every lead starts","why":"","axis":""},{"name":"no_need","kind":"rule","points":-20.0,"reason":"Sees no need","why":"of 400 such leads that sales called in 2024, three came back","axis":"fit"},{"name":"right_size","kind":"rule","points":5.0,"reason":"Is large enough to need it","why":"where people no longer know each other''s customers by heart","axis":"fit"}],"ignored":[],"events":{"known":false,"counted":0,"machine":0,"repeated":0,"future":0,"late":0,"unknown_kinds":[],"at_least":[],"rules":[{"rule":"reads_prices","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false},{"rule":"follows_mails","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false},{"rule":"sends_forms","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false},{"rule":"asks_for_demo","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false},{"rule":"talks","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false}]}}');
INSERT INTO "scores" VALUES('01m8n71sbykk00h3y6ymkt4ez0','2026-11-30T03:12:51.582763Z','L-4','b2b-software-events','','2026-01-01-002','2026-01-02',760,76,7.22096490713841077102e-01,'A','ask','ffaab2d8','{"values": {"lead_id": "L-4", "employees": 80.0, "need": "urgent", "newsletter": true, "last_recommendation": "nurture", "recommended_to": "opportunity", "recommended_since": "2026-01-02"}, "ignored": [], "events": {"known": false, "counted": 0, "machine": 0, "repeated": 0, "future": 0, "late": 0, "unknown_kinds": [], "at_least": [], "rules": [{"rule": "reads_prices", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "follows_mails", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "sends_forms", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "asks_for_demo", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "talks", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}]}}','{"id":"01m8n71sbykk00h3y6ymkt4ez0","card":"b2b-software-events","release":"2026-01-01-002","as_of":"2026-01-02","score":76,"points":76.0,"low":38.0,"high":112.0,"plus_minus":null,"probability":0.722096,"grade":"A","axis_grades":"??","fit":20.0,"fit_unknown":0.608,"engagement":6.0,"engagement_unknown":1.0,"recommendation":"ask","from":"lead","to":"opportunity","recommended_since":"2026-01-02","below_since":null,"line":90.0,"criteria":{"need":"met","budget":"unknown","timing":"unknown","authority":"unknown"},"reasons":["a budget of 10,000 EUR or more is not known","a decision within half a year is not known","76.0 points, 90.0 are needed; answers could bring up to 112.0","+15.0 Has an urgent need","+6.0 Reads the newsletter","+5.0 Is large enough to need it"],"questions":[{"field":"budget","question":"What budget is set aside for it?","settles":0.6},{"field":"supplier_status","question":"Who supplies this today, and are you going to stay with them?","settles":0.25},{"field":"decision_date","question":"When must a decision be made?","settles":0.222},{"field":"decision_role","question":"Who decides, and what is your part in it?","settles":0.0}],"ledger":[{"name":"start","kind":"start","points":50.0,"reason":"Where every lead starts","why":"","axis":""},{"name":"urgent_need","kind":"rule","points":15.0,"reason":"Has an urgent need","why":"calls of 2024 and 2025: an urgent need became an opportunity more than twice as often as a clear one","axis":"fit"},{"name":"newsletter","kind":"rule","points":6.0,"reason":"Reads the newsletter","why":"the newsletter team is sure of it (training will tell)","axis":"engagement"},{"name":"right_size","kind":"rule","points":5.0,"reason":"Is large enough to need it","why":"where people no longer know each other''s customers by heart","axis":"fit"}],"ignored":[],"events":{"known":false,"counted":0,"machine":0,"repeated":0,"future":0,"late":0,"unknown_kinds":[],"at_least":[],"rules":[{"rule":"reads_prices","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false},{"rule":"follows_mails","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false},{"rule":"sends_forms","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false},{"rule":"asks_for_demo","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false},{"rule":"talks","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false}]}}');
INSERT INTO "scores" VALUES('01m8n71sbyjya1ab132w3y207t','2026-11-30T03:12:51.582894Z','L-5','b2b-software-events','','2026-01-01-002','2026-01-02',490,49,2.85648607271231758097e-01,'C','nurture','ffaab2d8','{"values": {"lead_id": "L-5", "employees": 100.0, "need": "vague", "newsletter": false, "last_recommendation": "nurture", "recommended_to": "opportunity", "recommended_since": "2026-01-02"}, "ignored": [], "events": {"known": false, "counted": 0, "machine": 0, "repeated": 0, "future": 0, "late": 0, "unknown_kinds": [], "at_least": [], "rules": [{"rule": "reads_prices", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "follows_mails", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "sends_forms", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "asks_for_demo", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "talks", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}]}}','{"id":"01m8n71sbyjya1ab132w3y207t","card":"b2b-software-events","release":"2026-01-01-002","as_of":"2026-01-02","score":49,"points":49.0,"low":11.0,"high":85.0,"plus_minus":null,"probability":0.285649,"grade":"C","axis_grades":"??","fit":-1.0,"fit_unknown":0.608,"engagement":0.0,"engagement_unknown":1.0,"recommendation":"nurture","from":"lead","to":"opportunity","recommended_since":"2026-01-02","below_since":null,"line":90.0,"criteria":{"need":"unmet","budget":"unknown","timing":"unknown","authority":"unknown"},"reasons":["a clear need is not met","a budget of 10,000 EUR or more is not known","a decision within half a year is not known","49.0 points, 90.0 are needed","−6.0 Has only a vague need","+5.0 Is large enough to need it"],"questions":[],"ledger":[{"name":"start","kind":"start","points":50.0,"reason":"Where every lead starts","why":"","axis":""},{"name":"vague_need","kind":"rule","points":-6.0,"reason":"Has only a vague need","why":"worth a newsletter, not yet a visit","axis":"fit"},{"name":"right_size","kind":"rule","points":5.0,"reason":"Is large enough to need it","why":"where people no longer know each other''s customers by heart","axis":"fit"}],"ignored":[],"events":{"known":false,"counted":0,"machine":0,"repeated":0,"future":0,"late":0,"unknown_kinds":[],"at_least":[],"rules":[{"rule":"reads_prices","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false},{"rule":"follows_mails","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false},{"rule":"sends_forms","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false},{"rule":"asks_for_demo","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false},{"rule":"talks","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false}]}}');
INSERT INTO "scores" VALUES('01m8n71sby0aycq054q1g4v28m','2026-11-30T03:12:51.585194Z','L-6','b2b-software-events','','2026-01-01-002','2026-01-02',760,76,7.22096490713841077102e-01,'A','ask','ffaab2d8','{"values": {"lead_id": "L-6", "employees": 120.0, "need": "urgent", "newsletter": true, "last_recommendation": "nurture", "recommended_to": "opportunity", "recommended_since": "2026-01-02"}, "ignored": [], "events": {"known": false, "counted": 0, "machine": 0, "repeated": 0, "future": 0, "late": 0, "unknown_kinds": [], "at_least": [], "rules": [{"rule": "reads_prices", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "follows_mails", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "sends_forms", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "asks_for_demo", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}, {"rule": "talks", "points": null, "events": 0, "without_limits": 0.0, "once_per": 0.0, "per_day": 0.0, "machine_events": 0, "machine_points": 0.0, "at_least": false}]}}','{"id":"01m8n71sby0aycq054q1g4v28m","card":"b2b-software-events","release":"2026-01-01-002","as_of":"2026-01-02","score":76,"points":76.0,"low":38.0,"high":112.0,"plus_minus":null,"probability":0.722096,"grade":"A","axis_grades":"??","fit":20.0,"fit_unknown":0.608,"engagement":6.0,"engagement_unknown":1.0,"recommendation":"ask","from":"lead","to":"opportunity","recommended_since":"2026-01-02","below_since":null,"line":90.0,"criteria":{"need":"met","budget":"unknown","timing":"unknown","authority":"unknown"},"reasons":["a budget of 10,000 EUR or more is not known","a decision within half a year is not known","76.0 points, 90.0 are needed; answers could bring up to 112.0","+15.0 Has an urgent need","+6.0 Reads the newsletter","+5.0 Is large enough to need it"],"questions":[{"field":"budget","question":"What budget is set aside for it?","settles":0.6},{"field":"supplier_status","question":"Who supplies this today, and are you going to stay with them?","settles":0.25},{"field":"decision_date","question":"When must a decision be made?","settles":0.222},{"field":"decision_role","question":"Who decides, and what is your part in it?","settles":0.0}],"ledger":[{"name":"start","kind":"start","points":50.0,"reason":"Where every lead starts","why":"","axis":""},{"name":"urgent_need","kind":"rule","points":15.0,"reason":"Has an urgent need","why":"calls of 2024 and 2025: an urgent need became an opportunity more than twice as often as a clear one","axis":"fit"},{"name":"newsletter","kind":"rule","points":6.0,"reason":"Reads the newsletter","why":"the newsletter team is sure of it (training will tell)","axis":"engagement"},{"name":"right_size","kind":"rule","points":5.0,"reason":"Is large enough to need it","why":"where people no longer know each other''s customers by heart","axis":"fit"}],"ignored":[],"events":{"known":false,"counted":0,"machine":0,"repeated":0,"future":0,"late":0,"unknown_kinds":[],"at_least":[],"rules":[{"rule":"reads_prices","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false},{"rule":"follows_mails","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false},{"rule":"sends_forms","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false},{"rule":"asks_for_demo","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false},{"rule":"talks","points":null,"events":0,"without_limits":0.0,"once_per":0.0,"per_day":0.0,"machine_events":0,"machine_points":0.0,"at_least":false}]}}');
INSERT INTO "scores" VALUES('01m8n71sw8znkfg5srd446c4a7','2026-11-30T03:12:52.104686Z','L-1','b2b-software','5c735ea60ac3b82649846e5376000f7af6f3ec116820d29bfc542ba56e9c125d','','2026-01-02',650,65,2.18587949058971497962e-01,'B','ask','ffaab2d8','{"values": {"lead_id": "L-1", "employees": 20.0, "need": "urgent", "newsletter": false}, "ignored": []}','{"id":"01m8n71sw8znkfg5srd446c4a7","card":"b2b-software","release":"","as_of":"2026-01-02","score":65,"points":65.0,"low":27.0,"high":101.0,"plus_minus":null,"probability":0.218588,"grade":"B","recommendation":"ask","from":"lead","to":"opportunity","line":90.0,"criteria":{"need":"met","budget":"unknown","timing":"unknown","authority":"unknown"},"reasons":["a budget of 10,000 EUR or more is not known","a decision within half a year is not known","65.0 points, 90.0 are needed; answers could bring up to 101.0","+15.0 Has an urgent need"],"questions":[{"field":"budget","question":"What budget is set aside for it?","settles":0.6},{"field":"supplier_status","question":"Who supplies this today, and are you going to stay with them?","settles":0.5},{"field":"decision_role","question":"Who decides, and what is your part in it?","settles":0.333},{"field":"decision_date","question":"When must a decision be made?","settles":0.222}],"ledger":[{"name":"start","kind":"start","points":50.0,"reason":"Where every lead starts","why":""},{"name":"urgent_need","kind":"rule","points":15.0,"reason":"Has an urgent need","why":"calls of 2024 and 2025: an urgent need became an opportunity more than twice as often as a clear one"}],"ignored":[]}');
CREATE TABLE subscriptions (
	id VARCHAR(30) NOT NULL, 
	url TEXT NOT NULL, 
	kinds TEXT NOT NULL, 
	secrets TEXT NOT NULL, 
	state TEXT NOT NULL, 
	problem TEXT NOT NULL, 
	held_until VARCHAR(27) NOT NULL, 
	at VARCHAR(27) NOT NULL, 
	"key" TEXT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE INDEX ix_scores_at ON scores (at);
CREATE INDEX scores_by_lead ON scores (lead, at);
CREATE INDEX ix_answers_at ON answers (at);
CREATE INDEX ix_events_lead ON events (lead);
CREATE INDEX ix_events_received ON events (received);
CREATE INDEX ix_joins_other ON joins (other);
CREATE INDEX book_by_points ON book (recommendation, tenths, "key");
CREATE INDEX book_by_probability ON book (recommendation, probability, "key");
CREATE INDEX book_by_change ON book (recommendation, change, "key");
CREATE INDEX book_by_since ON book (recommendation, since, "key");
CREATE INDEX book_by_owner ON book (owner, recommendation, tenths, "key");
CREATE INDEX book_by_grade ON book (grade, recommendation, tenths, "key");
CREATE INDEX book_by_snooze ON book (snoozed_until) WHERE snoozed_until IS NOT NULL;
CREATE INDEX ix_feedback_lead_key ON feedback (lead_key);
CREATE INDEX ix_messages_lead_key ON messages (lead_key);
CREATE INDEX ix_messages_at ON messages (at);
CREATE INDEX deliveries_due ON deliveries (subscription, state, due, message);
CREATE INDEX deliveries_by_lead ON deliveries (subscription, lead_key, state, message);
CREATE INDEX book_by_title ON book (title, "key");
CREATE INDEX book_by_rejection ON book (rejected_on) WHERE rejected_on IS NOT NULL;
COMMIT;
