-- b2b-software example
WITH taken AS ( -- texts in no collation, and columns whose type is not known as texts
  SELECT
    "lead_id", "stage", "created", "country", "employees", "annual_revenue", "job_title", "lead_source",
    "need", "budget", "decision_role", "decision_date", "supplier_status", "last_activity", "pages_viewed",
    "pricing_visits", "demo_requested", "newsletter", "unsubscribed", "competitor", "proposal_value",
    CAST("stage" AS text) COLLATE "C" AS "in:stage",
    (to_json("created") #>> '{}') COLLATE "C" AS "in:created",
    CAST("country" AS text) COLLATE "C" AS "in:country",
    CAST("employees" AS text) COLLATE "C" AS "in:employees",
    CAST("annual_revenue" AS text) COLLATE "C" AS "in:annual_revenue",
    CAST("job_title" AS text) COLLATE "C" AS "in:job_title",
    CAST("lead_source" AS text) COLLATE "C" AS "in:lead_source",
    CAST("need" AS text) COLLATE "C" AS "in:need",
    CAST("budget" AS text) COLLATE "C" AS "in:budget",
    CAST("decision_role" AS text) COLLATE "C" AS "in:decision_role",
    (to_json("decision_date") #>> '{}') COLLATE "C" AS "in:decision_date",
    CAST("supplier_status" AS text) COLLATE "C" AS "in:supplier_status",
    (to_json("last_activity") #>> '{}') COLLATE "C" AS "in:last_activity",
    CAST("pages_viewed" AS text) COLLATE "C" AS "in:pages_viewed",
    CAST("pricing_visits" AS text) COLLATE "C" AS "in:pricing_visits",
    CAST("demo_requested" AS text) COLLATE "C" AS "in:demo_requested",
    CAST("newsletter" AS text) COLLATE "C" AS "in:newsletter",
    CAST("unsubscribed" AS text) COLLATE "C" AS "in:unsubscribed",
    CAST("competitor" AS text) COLLATE "C" AS "in:competitor",
    CAST("proposal_value" AS text) COLLATE "C" AS "in:proposal_value"
  FROM leads
  OFFSET 0
),
trimmed AS ( -- texts of days, choices, and numbers that aren't written plainly, without white space at the ends
  SELECT
    "lead_id", "in:stage", "in:created", "in:country", "in:employees", "in:annual_revenue", "in:job_title",
    "in:lead_source", "in:need", "in:budget", "in:decision_role", "in:decision_date", "in:supplier_status",
    "in:last_activity", "in:pages_viewed", "in:pricing_visits", "in:demo_requested", "in:newsletter",
    "in:unsubscribed", "in:competitor", "in:proposal_value",
    CASE WHEN length("in:created") = 10 THEN "in:created" ELSE btrim("in:created", (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))) END AS "raw:created",
    CASE WHEN length("in:decision_date") = 10 THEN "in:decision_date" ELSE btrim("in:decision_date", (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))) END AS "raw:decision_date",
    CASE WHEN length("in:last_activity") = 10 THEN "in:last_activity" ELSE btrim("in:last_activity", (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))) END AS "raw:last_activity",
    CASE WHEN NOT ("in:employees" !~ E'[^0-9eE.+ \\t\\n\\r\\f\\v-]|[.][0-9]*[.]|[0-9] +[0-9]|^[ \\t\\n\\r\\f\\v]*[+-]?[1-9][0-9]{0,2}[.][0-9]{3}[ \\t\\n\\r\\f\\v]*$') THEN lower(btrim("in:employees", (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))) COLLATE "C") END AS "odd:employees",
    CASE WHEN NOT ("in:annual_revenue" !~ E'[^0-9eE.+ \\t\\n\\r\\f\\v-]|[.][0-9]*[.]|[0-9] +[0-9]|^[ \\t\\n\\r\\f\\v]*[+-]?[1-9][0-9]{0,2}[.][0-9]{3}[ \\t\\n\\r\\f\\v]*$') THEN lower(btrim("in:annual_revenue", (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))) COLLATE "C") END AS "odd:annual_revenue",
    CASE WHEN NOT ("in:budget" !~ E'[^0-9eE.+ \\t\\n\\r\\f\\v-]|[.][0-9]*[.]|[0-9] +[0-9]|^[ \\t\\n\\r\\f\\v]*[+-]?[1-9][0-9]{0,2}[.][0-9]{3}[ \\t\\n\\r\\f\\v]*$') THEN lower(btrim("in:budget", (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))) COLLATE "C") END AS "odd:budget",
    CASE WHEN NOT ("in:pages_viewed" !~ E'[^0-9eE.+ \\t\\n\\r\\f\\v-]|[.][0-9]*[.]|[0-9] +[0-9]|^[ \\t\\n\\r\\f\\v]*[+-]?[1-9][0-9]{0,2}[.][0-9]{3}[ \\t\\n\\r\\f\\v]*$') THEN lower(btrim("in:pages_viewed", (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))) COLLATE "C") END AS "odd:pages_viewed",
    CASE WHEN NOT ("in:pricing_visits" !~ E'[^0-9eE.+ \\t\\n\\r\\f\\v-]|[.][0-9]*[.]|[0-9] +[0-9]|^[ \\t\\n\\r\\f\\v]*[+-]?[1-9][0-9]{0,2}[.][0-9]{3}[ \\t\\n\\r\\f\\v]*$') THEN lower(btrim("in:pricing_visits", (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))) COLLATE "C") END AS "odd:pricing_visits",
    CASE WHEN NOT ("in:proposal_value" !~ E'[^0-9eE.+ \\t\\n\\r\\f\\v-]|[.][0-9]*[.]|[0-9] +[0-9]|^[ \\t\\n\\r\\f\\v]*[+-]?[1-9][0-9]{0,2}[.][0-9]{3}[ \\t\\n\\r\\f\\v]*$') THEN lower(btrim("in:proposal_value", (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))) COLLATE "C") END AS "odd:proposal_value"
  FROM taken
  OFFSET 0
),
typed AS ( -- each value in the kind of its field, or NULL
  SELECT
    "lead_id", "in:stage", "in:created", "in:country", "in:employees", "in:annual_revenue", "in:job_title",
    "in:lead_source", "in:need", "in:budget", "in:decision_role", "in:decision_date", "in:supplier_status",
    "in:last_activity", "in:pages_viewed", "in:pricing_visits", "in:demo_requested", "in:newsletter",
    "in:unsubscribed", "in:competitor", "in:proposal_value", "raw:created", "raw:decision_date",
    "raw:last_activity", "odd:employees", "odd:annual_revenue", "odd:budget", "odd:pages_viewed",
    "odd:pricing_visits", "odd:proposal_value",
    CASE WHEN "in:stage" IN ('contact', 'lead', 'opportunity', 'customer') THEN "in:stage" WHEN "in:stage" IS NOT NULL THEN CASE lower(btrim("in:stage", (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))) COLLATE "C") WHEN 'contact' THEN 'contact' WHEN 'lead' THEN 'lead' WHEN 'opportunity' THEN 'opportunity' WHEN 'customer' THEN 'customer' END END AS "v:stage",
    CASE WHEN NOT "raw:created" ~ E'^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:\\.[0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)$' OR NOT pg_input_is_valid(substr("raw:created", 1, 10), 'date') THEN NULL WHEN length("raw:created") = 10 THEN CAST(substr("raw:created", 1, 10) AS date) WHEN CAST(substr("raw:created", 1, 10) AS date) + CAST(floor((coalesce(CAST(regexp_substr("raw:created", E'^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:\\.[0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)$', 1, 1, '', 2) AS integer), 0) * 60 + coalesce(CAST(regexp_substr("raw:created", E'^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:\\.[0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)$', 1, 1, '', 3) AS integer), 0) + CASE regexp_substr("raw:created", E'^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:\\.[0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)$', 1, 1, '', 4) WHEN '-' THEN 1 WHEN '+' THEN -1 ELSE 0 END * (coalesce(CAST(regexp_substr("raw:created", E'^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:\\.[0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)$', 1, 1, '', 5) AS integer), 0) * 60 + coalesce(CAST(regexp_substr("raw:created", E'^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:\\.[0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)$', 1, 1, '', 6) AS integer), 0))) / float8 '1440.0') AS integer) BETWEEN DATE '0001-01-01' AND DATE '9999-12-31' THEN CAST(substr("raw:created", 1, 10) AS date) + CAST(floor((coalesce(CAST(regexp_substr("raw:created", E'^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:\\.[0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)$', 1, 1, '', 2) AS integer), 0) * 60 + coalesce(CAST(regexp_substr("raw:created", E'^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:\\.[0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)$', 1, 1, '', 3) AS integer), 0) + CASE regexp_substr("raw:created", E'^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:\\.[0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)$', 1, 1, '', 4) WHEN '-' THEN 1 WHEN '+' THEN -1 ELSE 0 END * (coalesce(CAST(regexp_substr("raw:created", E'^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:\\.[0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)$', 1, 1, '', 5) AS integer), 0) * 60 + coalesce(CAST(regexp_substr("raw:created", E'^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:\\.[0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)$', 1, 1, '', 6) AS integer), 0))) / float8 '1440.0') AS integer) END AS "v:created",
    CASE WHEN left("in:country", 1) > ' ' COLLATE "C" AND right("in:country", 1) > ' ' COLLATE "C" AND lower("in:country" COLLATE "C") NOT IN ('', 'n/a', 'select') THEN "in:country" WHEN "in:country" IS NOT NULL THEN CASE WHEN lower(btrim("in:country", (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))) COLLATE "C") NOT IN ('', 'n/a', 'select') THEN btrim("in:country", (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))) END END AS "v:country",
    CASE WHEN "odd:employees" IS NULL THEN CASE WHEN pg_input_is_valid("in:employees", 'float8') THEN CAST("in:employees" AS float8) WHEN "in:employees" !~ E'^[ \\t\\n\\r\\f\\v]*(?:[+-]?(?:(?:[0-9]+[.]?|[0-9]*[.](?:[0-9]{1,2}|[0-9]{4,})|(?:0[0-9]*|[0-9]{4,})?[.][0-9]{3})|(?:[0-9]+[.]?[0-9]*|[.][0-9]+)[eE][+-]?[0-9]+))[ \\t\\n\\r\\f\\v]*$' THEN NULL WHEN pg_input_is_valid("in:employees", 'numeric') THEN CASE WHEN abs(CAST("in:employees" AS numeric)) < 1 THEN float8 '0.0' END WHEN "in:employees" ~ '[eE]-' THEN float8 '0.0' END WHEN length("odd:employees") > 300 THEN NULL WHEN "odd:employees" ~ '^(?:[+-]?(?:[1-9][0-9]{0,2}(?:[.][0-9]{3})+,[0-9]+|[1-9][0-9]{0,2}(?:[.][0-9]{3}){2,}|[1-9][0-9]{0,2}(?:[ ''’][0-9]{3})+,[0-9]+|[0-9]+,(?:[0-9]{1,2}|[0-9]{4,})|(?:0[0-9]*|[0-9]{4,}),[0-9]{3}))$' THEN CAST(translate("odd:employees", ',. ''’', '.') AS float8) WHEN "odd:employees" ~ '^(?:[+-]?(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+[.][0-9]+|[1-9][0-9]{0,2}(?:,[0-9]{3}){2,}|[1-9][0-9]{0,2}(?:[ ''’][0-9]{3})+[.][0-9]+|[1-9][0-9]{0,2}(?:[ ''’][0-9]{3})+))$' THEN CAST(translate("odd:employees", ', ''’', '') AS float8) END AS "v:employees",
    CASE WHEN "odd:annual_revenue" IS NULL THEN CASE WHEN pg_input_is_valid("in:annual_revenue", 'float8') THEN CAST("in:annual_revenue" AS float8) WHEN "in:annual_revenue" !~ E'^[ \\t\\n\\r\\f\\v]*(?:[+-]?(?:(?:[0-9]+[.]?|[0-9]*[.](?:[0-9]{1,2}|[0-9]{4,})|(?:0[0-9]*|[0-9]{4,})?[.][0-9]{3})|(?:[0-9]+[.]?[0-9]*|[.][0-9]+)[eE][+-]?[0-9]+))[ \\t\\n\\r\\f\\v]*$' THEN NULL WHEN pg_input_is_valid("in:annual_revenue", 'numeric') THEN CASE WHEN abs(CAST("in:annual_revenue" AS numeric)) < 1 THEN float8 '0.0' END WHEN "in:annual_revenue" ~ '[eE]-' THEN float8 '0.0' END WHEN length("odd:annual_revenue") > 300 THEN NULL WHEN "odd:annual_revenue" ~ '^(?:[+-]?(?:[1-9][0-9]{0,2}(?:[.][0-9]{3})+,[0-9]+|[1-9][0-9]{0,2}(?:[.][0-9]{3}){2,}|[1-9][0-9]{0,2}(?:[ ''’][0-9]{3})+,[0-9]+|[0-9]+,(?:[0-9]{1,2}|[0-9]{4,})|(?:0[0-9]*|[0-9]{4,}),[0-9]{3}))$' THEN CAST(translate("odd:annual_revenue", ',. ''’', '.') AS float8) WHEN "odd:annual_revenue" ~ '^(?:[+-]?(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+[.][0-9]+|[1-9][0-9]{0,2}(?:,[0-9]{3}){2,}|[1-9][0-9]{0,2}(?:[ ''’][0-9]{3})+[.][0-9]+|[1-9][0-9]{0,2}(?:[ ''’][0-9]{3})+))$' THEN CAST(translate("odd:annual_revenue", ', ''’', '') AS float8) END AS "v:annual_revenue",
    CASE WHEN left("in:job_title", 1) > ' ' COLLATE "C" AND right("in:job_title", 1) > ' ' COLLATE "C" AND lower("in:job_title" COLLATE "C") NOT IN ('', 'n/a', 'select') THEN "in:job_title" WHEN "in:job_title" IS NOT NULL THEN CASE WHEN lower(btrim("in:job_title", (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))) COLLATE "C") NOT IN ('', 'n/a', 'select') THEN btrim("in:job_title", (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))) END END AS "v:job_title",
    CASE WHEN "in:lead_source" IN ('web_form', 'content_download', 'webinar', 'trade_fair', 'referral', 'partner', 'outbound', 'bought_list') THEN "in:lead_source" WHEN "in:lead_source" IS NOT NULL THEN CASE lower(btrim("in:lead_source", (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))) COLLATE "C") WHEN 'web_form' THEN 'web_form' WHEN 'content_download' THEN 'content_download' WHEN 'webinar' THEN 'webinar' WHEN 'trade_fair' THEN 'trade_fair' WHEN 'referral' THEN 'referral' WHEN 'partner' THEN 'partner' WHEN 'outbound' THEN 'outbound' WHEN 'bought_list' THEN 'bought_list' END END AS "v:lead_source",
    CASE WHEN "in:need" IN ('none', 'vague', 'clear', 'urgent') THEN "in:need" WHEN "in:need" IS NOT NULL THEN CASE lower(btrim("in:need", (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))) COLLATE "C") WHEN 'none' THEN 'none' WHEN 'vague' THEN 'vague' WHEN 'clear' THEN 'clear' WHEN 'urgent' THEN 'urgent' END END AS "v:need",
    CASE WHEN "odd:budget" IS NULL THEN CASE WHEN pg_input_is_valid("in:budget", 'float8') THEN CAST("in:budget" AS float8) WHEN "in:budget" !~ E'^[ \\t\\n\\r\\f\\v]*(?:[+-]?(?:(?:[0-9]+[.]?|[0-9]*[.](?:[0-9]{1,2}|[0-9]{4,})|(?:0[0-9]*|[0-9]{4,})?[.][0-9]{3})|(?:[0-9]+[.]?[0-9]*|[.][0-9]+)[eE][+-]?[0-9]+))[ \\t\\n\\r\\f\\v]*$' THEN NULL WHEN pg_input_is_valid("in:budget", 'numeric') THEN CASE WHEN abs(CAST("in:budget" AS numeric)) < 1 THEN float8 '0.0' END WHEN "in:budget" ~ '[eE]-' THEN float8 '0.0' END WHEN length("odd:budget") > 300 THEN NULL WHEN "odd:budget" ~ '^(?:[+-]?(?:[1-9][0-9]{0,2}(?:[.][0-9]{3})+,[0-9]+|[1-9][0-9]{0,2}(?:[.][0-9]{3}){2,}|[1-9][0-9]{0,2}(?:[ ''’][0-9]{3})+,[0-9]+|[0-9]+,(?:[0-9]{1,2}|[0-9]{4,})|(?:0[0-9]*|[0-9]{4,}),[0-9]{3}))$' THEN CAST(translate("odd:budget", ',. ''’', '.') AS float8) WHEN "odd:budget" ~ '^(?:[+-]?(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+[.][0-9]+|[1-9][0-9]{0,2}(?:,[0-9]{3}){2,}|[1-9][0-9]{0,2}(?:[ ''’][0-9]{3})+[.][0-9]+|[1-9][0-9]{0,2}(?:[ ''’][0-9]{3})+))$' THEN CAST(translate("odd:budget", ', ''’', '') AS float8) END AS "v:budget",
    CASE WHEN "in:decision_role" IN ('decider', 'influencer', 'user') THEN "in:decision_role" WHEN "in:decision_role" IS NOT NULL THEN CASE lower(btrim("in:decision_role", (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))) COLLATE "C") WHEN 'decider' THEN 'decider' WHEN 'influencer' THEN 'influencer' WHEN 'user' THEN 'user' END END AS "v:decision_role",
    CASE WHEN NOT "raw:decision_date" ~ E'^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:\\.[0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)$' OR NOT pg_input_is_valid(substr("raw:decision_date", 1, 10), 'date') THEN NULL WHEN length("raw:decision_date") = 10 THEN CAST(substr("raw:decision_date", 1, 10) AS date) WHEN CAST(substr("raw:decision_date", 1, 10) AS date) + CAST(floor((coalesce(CAST(regexp_substr("raw:decision_date", E'^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:\\.[0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)$', 1, 1, '', 2) AS integer), 0) * 60 + coalesce(CAST(regexp_substr("raw:decision_date", E'^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:\\.[0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)$', 1, 1, '', 3) AS integer), 0) + CASE regexp_substr("raw:decision_date", E'^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:\\.[0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)$', 1, 1, '', 4) WHEN '-' THEN 1 WHEN '+' THEN -1 ELSE 0 END * (coalesce(CAST(regexp_substr("raw:decision_date", E'^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:\\.[0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)$', 1, 1, '', 5) AS integer), 0) * 60 + coalesce(CAST(regexp_substr("raw:decision_date", E'^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:\\.[0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)$', 1, 1, '', 6) AS integer), 0))) / float8 '1440.0') AS integer) BETWEEN DATE '0001-01-01' AND DATE '9999-12-31' THEN CAST(substr("raw:decision_date", 1, 10) AS date) + CAST(floor((coalesce(CAST(regexp_substr("raw:decision_date", E'^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:\\.[0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)$', 1, 1, '', 2) AS integer), 0) * 60 + coalesce(CAST(regexp_substr("raw:decision_date", E'^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:\\.[0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)$', 1, 1, '', 3) AS integer), 0) + CASE regexp_substr("raw:decision_date", E'^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:\\.[0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)$', 1, 1, '', 4) WHEN '-' THEN 1 WHEN '+' THEN -1 ELSE 0 END * (coalesce(CAST(regexp_substr("raw:decision_date", E'^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:\\.[0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)$', 1, 1, '', 5) AS integer), 0) * 60 + coalesce(CAST(regexp_substr("raw:decision_date", E'^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:\\.[0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)$', 1, 1, '', 6) AS integer), 0))) / float8 '1440.0') AS integer) END AS "v:decision_date",
    CASE WHEN "in:supplier_status" IN ('has_supplier', 'reviewing', 'dismissed', 'none') THEN "in:supplier_status" WHEN "in:supplier_status" IS NOT NULL THEN CASE lower(btrim("in:supplier_status", (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))) COLLATE "C") WHEN 'has_supplier' THEN 'has_supplier' WHEN 'reviewing' THEN 'reviewing' WHEN 'dismissed' THEN 'dismissed' WHEN 'none' THEN 'none' END END AS "v:supplier_status",
    CASE WHEN NOT "raw:last_activity" ~ E'^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:\\.[0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)$' OR NOT pg_input_is_valid(substr("raw:last_activity", 1, 10), 'date') THEN NULL WHEN length("raw:last_activity") = 10 THEN CAST(substr("raw:last_activity", 1, 10) AS date) WHEN CAST(substr("raw:last_activity", 1, 10) AS date) + CAST(floor((coalesce(CAST(regexp_substr("raw:last_activity", E'^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:\\.[0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)$', 1, 1, '', 2) AS integer), 0) * 60 + coalesce(CAST(regexp_substr("raw:last_activity", E'^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:\\.[0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)$', 1, 1, '', 3) AS integer), 0) + CASE regexp_substr("raw:last_activity", E'^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:\\.[0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)$', 1, 1, '', 4) WHEN '-' THEN 1 WHEN '+' THEN -1 ELSE 0 END * (coalesce(CAST(regexp_substr("raw:last_activity", E'^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:\\.[0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)$', 1, 1, '', 5) AS integer), 0) * 60 + coalesce(CAST(regexp_substr("raw:last_activity", E'^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:\\.[0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)$', 1, 1, '', 6) AS integer), 0))) / float8 '1440.0') AS integer) BETWEEN DATE '0001-01-01' AND DATE '9999-12-31' THEN CAST(substr("raw:last_activity", 1, 10) AS date) + CAST(floor((coalesce(CAST(regexp_substr("raw:last_activity", E'^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:\\.[0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)$', 1, 1, '', 2) AS integer), 0) * 60 + coalesce(CAST(regexp_substr("raw:last_activity", E'^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:\\.[0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)$', 1, 1, '', 3) AS integer), 0) + CASE regexp_substr("raw:last_activity", E'^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:\\.[0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)$', 1, 1, '', 4) WHEN '-' THEN 1 WHEN '+' THEN -1 ELSE 0 END * (coalesce(CAST(regexp_substr("raw:last_activity", E'^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:\\.[0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)$', 1, 1, '', 5) AS integer), 0) * 60 + coalesce(CAST(regexp_substr("raw:last_activity", E'^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:\\.[0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)$', 1, 1, '', 6) AS integer), 0))) / float8 '1440.0') AS integer) END AS "v:last_activity",
    CASE WHEN "odd:pages_viewed" IS NULL THEN CASE WHEN pg_input_is_valid("in:pages_viewed", 'float8') THEN CAST("in:pages_viewed" AS float8) WHEN "in:pages_viewed" !~ E'^[ \\t\\n\\r\\f\\v]*(?:[+-]?(?:(?:[0-9]+[.]?|[0-9]*[.](?:[0-9]{1,2}|[0-9]{4,})|(?:0[0-9]*|[0-9]{4,})?[.][0-9]{3})|(?:[0-9]+[.]?[0-9]*|[.][0-9]+)[eE][+-]?[0-9]+))[ \\t\\n\\r\\f\\v]*$' THEN NULL WHEN pg_input_is_valid("in:pages_viewed", 'numeric') THEN CASE WHEN abs(CAST("in:pages_viewed" AS numeric)) < 1 THEN float8 '0.0' END WHEN "in:pages_viewed" ~ '[eE]-' THEN float8 '0.0' END WHEN length("odd:pages_viewed") > 300 THEN NULL WHEN "odd:pages_viewed" ~ '^(?:[+-]?(?:[1-9][0-9]{0,2}(?:[.][0-9]{3})+,[0-9]+|[1-9][0-9]{0,2}(?:[.][0-9]{3}){2,}|[1-9][0-9]{0,2}(?:[ ''’][0-9]{3})+,[0-9]+|[0-9]+,(?:[0-9]{1,2}|[0-9]{4,})|(?:0[0-9]*|[0-9]{4,}),[0-9]{3}))$' THEN CAST(translate("odd:pages_viewed", ',. ''’', '.') AS float8) WHEN "odd:pages_viewed" ~ '^(?:[+-]?(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+[.][0-9]+|[1-9][0-9]{0,2}(?:,[0-9]{3}){2,}|[1-9][0-9]{0,2}(?:[ ''’][0-9]{3})+[.][0-9]+|[1-9][0-9]{0,2}(?:[ ''’][0-9]{3})+))$' THEN CAST(translate("odd:pages_viewed", ', ''’', '') AS float8) END AS "v:pages_viewed",
    CASE WHEN "odd:pricing_visits" IS NULL THEN CASE WHEN pg_input_is_valid("in:pricing_visits", 'float8') THEN CAST("in:pricing_visits" AS float8) WHEN "in:pricing_visits" !~ E'^[ \\t\\n\\r\\f\\v]*(?:[+-]?(?:(?:[0-9]+[.]?|[0-9]*[.](?:[0-9]{1,2}|[0-9]{4,})|(?:0[0-9]*|[0-9]{4,})?[.][0-9]{3})|(?:[0-9]+[.]?[0-9]*|[.][0-9]+)[eE][+-]?[0-9]+))[ \\t\\n\\r\\f\\v]*$' THEN NULL WHEN pg_input_is_valid("in:pricing_visits", 'numeric') THEN CASE WHEN abs(CAST("in:pricing_visits" AS numeric)) < 1 THEN float8 '0.0' END WHEN "in:pricing_visits" ~ '[eE]-' THEN float8 '0.0' END WHEN length("odd:pricing_visits") > 300 THEN NULL WHEN "odd:pricing_visits" ~ '^(?:[+-]?(?:[1-9][0-9]{0,2}(?:[.][0-9]{3})+,[0-9]+|[1-9][0-9]{0,2}(?:[.][0-9]{3}){2,}|[1-9][0-9]{0,2}(?:[ ''’][0-9]{3})+,[0-9]+|[0-9]+,(?:[0-9]{1,2}|[0-9]{4,})|(?:0[0-9]*|[0-9]{4,}),[0-9]{3}))$' THEN CAST(translate("odd:pricing_visits", ',. ''’', '.') AS float8) WHEN "odd:pricing_visits" ~ '^(?:[+-]?(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+[.][0-9]+|[1-9][0-9]{0,2}(?:,[0-9]{3}){2,}|[1-9][0-9]{0,2}(?:[ ''’][0-9]{3})+[.][0-9]+|[1-9][0-9]{0,2}(?:[ ''’][0-9]{3})+))$' THEN CAST(translate("odd:pricing_visits", ', ''’', '') AS float8) END AS "v:pricing_visits",
    CASE "in:demo_requested" WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE WHEN '1' THEN TRUE WHEN '0' THEN FALSE WHEN 'yes' THEN TRUE WHEN 'no' THEN FALSE WHEN 'on' THEN TRUE WHEN 'off' THEN FALSE WHEN 'y' THEN TRUE WHEN 'n' THEN FALSE WHEN 't' THEN TRUE WHEN 'f' THEN FALSE WHEN '1.0' THEN TRUE WHEN '0.0' THEN FALSE ELSE CASE lower(btrim("in:demo_requested", (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))) COLLATE "C") WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE WHEN '1' THEN TRUE WHEN '0' THEN FALSE WHEN 'yes' THEN TRUE WHEN 'no' THEN FALSE WHEN 'on' THEN TRUE WHEN 'off' THEN FALSE WHEN 'y' THEN TRUE WHEN 'n' THEN FALSE WHEN 't' THEN TRUE WHEN 'f' THEN FALSE WHEN '1.0' THEN TRUE WHEN '0.0' THEN FALSE END END AS "v:demo_requested",
    CASE "in:newsletter" WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE WHEN '1' THEN TRUE WHEN '0' THEN FALSE WHEN 'yes' THEN TRUE WHEN 'no' THEN FALSE WHEN 'on' THEN TRUE WHEN 'off' THEN FALSE WHEN 'y' THEN TRUE WHEN 'n' THEN FALSE WHEN 't' THEN TRUE WHEN 'f' THEN FALSE WHEN '1.0' THEN TRUE WHEN '0.0' THEN FALSE ELSE CASE lower(btrim("in:newsletter", (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))) COLLATE "C") WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE WHEN '1' THEN TRUE WHEN '0' THEN FALSE WHEN 'yes' THEN TRUE WHEN 'no' THEN FALSE WHEN 'on' THEN TRUE WHEN 'off' THEN FALSE WHEN 'y' THEN TRUE WHEN 'n' THEN FALSE WHEN 't' THEN TRUE WHEN 'f' THEN FALSE WHEN '1.0' THEN TRUE WHEN '0.0' THEN FALSE END END AS "v:newsletter",
    CASE "in:unsubscribed" WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE WHEN '1' THEN TRUE WHEN '0' THEN FALSE WHEN 'yes' THEN TRUE WHEN 'no' THEN FALSE WHEN 'on' THEN TRUE WHEN 'off' THEN FALSE WHEN 'y' THEN TRUE WHEN 'n' THEN FALSE WHEN 't' THEN TRUE WHEN 'f' THEN FALSE WHEN '1.0' THEN TRUE WHEN '0.0' THEN FALSE ELSE CASE lower(btrim("in:unsubscribed", (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))) COLLATE "C") WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE WHEN '1' THEN TRUE WHEN '0' THEN FALSE WHEN 'yes' THEN TRUE WHEN 'no' THEN FALSE WHEN 'on' THEN TRUE WHEN 'off' THEN FALSE WHEN 'y' THEN TRUE WHEN 'n' THEN FALSE WHEN 't' THEN TRUE WHEN 'f' THEN FALSE WHEN '1.0' THEN TRUE WHEN '0.0' THEN FALSE END END AS "v:unsubscribed",
    CASE "in:competitor" WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE WHEN '1' THEN TRUE WHEN '0' THEN FALSE WHEN 'yes' THEN TRUE WHEN 'no' THEN FALSE WHEN 'on' THEN TRUE WHEN 'off' THEN FALSE WHEN 'y' THEN TRUE WHEN 'n' THEN FALSE WHEN 't' THEN TRUE WHEN 'f' THEN FALSE WHEN '1.0' THEN TRUE WHEN '0.0' THEN FALSE ELSE CASE lower(btrim("in:competitor", (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))) COLLATE "C") WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE WHEN '1' THEN TRUE WHEN '0' THEN FALSE WHEN 'yes' THEN TRUE WHEN 'no' THEN FALSE WHEN 'on' THEN TRUE WHEN 'off' THEN FALSE WHEN 'y' THEN TRUE WHEN 'n' THEN FALSE WHEN 't' THEN TRUE WHEN 'f' THEN FALSE WHEN '1.0' THEN TRUE WHEN '0.0' THEN FALSE END END AS "v:competitor",
    CASE WHEN "odd:proposal_value" IS NULL THEN CASE WHEN pg_input_is_valid("in:proposal_value", 'float8') THEN CAST("in:proposal_value" AS float8) WHEN "in:proposal_value" !~ E'^[ \\t\\n\\r\\f\\v]*(?:[+-]?(?:(?:[0-9]+[.]?|[0-9]*[.](?:[0-9]{1,2}|[0-9]{4,})|(?:0[0-9]*|[0-9]{4,})?[.][0-9]{3})|(?:[0-9]+[.]?[0-9]*|[.][0-9]+)[eE][+-]?[0-9]+))[ \\t\\n\\r\\f\\v]*$' THEN NULL WHEN pg_input_is_valid("in:proposal_value", 'numeric') THEN CASE WHEN abs(CAST("in:proposal_value" AS numeric)) < 1 THEN float8 '0.0' END WHEN "in:proposal_value" ~ '[eE]-' THEN float8 '0.0' END WHEN length("odd:proposal_value") > 300 THEN NULL WHEN "odd:proposal_value" ~ '^(?:[+-]?(?:[1-9][0-9]{0,2}(?:[.][0-9]{3})+,[0-9]+|[1-9][0-9]{0,2}(?:[.][0-9]{3}){2,}|[1-9][0-9]{0,2}(?:[ ''’][0-9]{3})+,[0-9]+|[0-9]+,(?:[0-9]{1,2}|[0-9]{4,})|(?:0[0-9]*|[0-9]{4,}),[0-9]{3}))$' THEN CAST(translate("odd:proposal_value", ',. ''’', '.') AS float8) WHEN "odd:proposal_value" ~ '^(?:[+-]?(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+[.][0-9]+|[1-9][0-9]{0,2}(?:,[0-9]{3}){2,}|[1-9][0-9]{0,2}(?:[ ''’][0-9]{3})+[.][0-9]+|[1-9][0-9]{0,2}(?:[ ''’][0-9]{3})+))$' THEN CAST(translate("odd:proposal_value", ', ''’', '') AS float8) END AS "v:proposal_value"
  FROM trimmed
  OFFSET 0
),
cleaned AS ( -- the fields, and whether a value is there that can't be read
  SELECT
    "lead_id", "in:stage", "in:created", "in:employees", "in:annual_revenue", "in:lead_source", "in:need",
    "in:budget", "in:decision_role", "in:decision_date", "in:supplier_status", "in:last_activity",
    "in:pages_viewed", "in:pricing_visits", "in:demo_requested", "in:newsletter", "in:unsubscribed",
    "in:competitor", "in:proposal_value", "v:stage", "v:created", "v:country", "v:employees",
    "v:annual_revenue", "v:job_title", "v:lead_source", "v:need", "v:budget", "v:decision_role",
    "v:decision_date", "v:supplier_status", "v:last_activity", "v:pages_viewed", "v:pricing_visits",
    "v:demo_requested", "v:newsletter", "v:unsubscribed", "v:competitor", "v:proposal_value",
    "v:stage" AS "f:stage",
    "v:country" AS "f:country",
    "v:employees" AS "f:employees",
    "v:job_title" AS "f:job_title",
    "v:lead_source" AS "f:lead_source",
    "v:need" AS "f:need",
    "v:budget" AS "f:budget",
    "v:decision_role" AS "f:decision_role",
    "v:decision_date" AS "f:decision_date",
    "v:supplier_status" AS "f:supplier_status",
    "v:last_activity" AS "f:last_activity",
    "v:pricing_visits" AS "f:pricing_visits",
    "v:demo_requested" AS "f:demo_requested",
    "v:newsletter" AS "f:newsletter",
    "v:unsubscribed" AS "f:unsubscribed",
    "v:competitor" AS "f:competitor",
    CASE WHEN "v:stage" IS NULL AND "in:stage" IS NOT NULL AND lower(btrim("in:stage", (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))) COLLATE "C") NOT IN ('', 'n/a', 'select') THEN TRUE END AS "bad:stage",
    CASE WHEN "v:created" IS NULL AND "in:created" IS NOT NULL AND lower(btrim("in:created", (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))) COLLATE "C") NOT IN ('', 'n/a', 'select') THEN TRUE END AS "bad:created",
    CASE WHEN "v:employees" IS NULL AND "in:employees" IS NOT NULL AND lower(btrim("in:employees", (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))) COLLATE "C") NOT IN ('', 'n/a', 'select', 'nan') THEN TRUE END AS "bad:employees",
    CASE WHEN "v:annual_revenue" IS NULL AND "in:annual_revenue" IS NOT NULL AND lower(btrim("in:annual_revenue", (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))) COLLATE "C") NOT IN ('', 'n/a', 'select', 'nan') THEN TRUE END AS "bad:annual_revenue",
    CASE WHEN "v:lead_source" IS NULL AND "in:lead_source" IS NOT NULL AND lower(btrim("in:lead_source", (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))) COLLATE "C") NOT IN ('', 'n/a', 'select') THEN TRUE END AS "bad:lead_source",
    CASE WHEN "v:need" IS NULL AND "in:need" IS NOT NULL AND lower(btrim("in:need", (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))) COLLATE "C") NOT IN ('', 'n/a', 'select') THEN TRUE END AS "bad:need",
    CASE WHEN "v:budget" IS NULL AND "in:budget" IS NOT NULL AND lower(btrim("in:budget", (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))) COLLATE "C") NOT IN ('', 'n/a', 'select', 'nan') THEN TRUE END AS "bad:budget",
    CASE WHEN "v:decision_role" IS NULL AND "in:decision_role" IS NOT NULL AND lower(btrim("in:decision_role", (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))) COLLATE "C") NOT IN ('', 'n/a', 'select') THEN TRUE END AS "bad:decision_role",
    CASE WHEN "v:decision_date" IS NULL AND "in:decision_date" IS NOT NULL AND lower(btrim("in:decision_date", (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))) COLLATE "C") NOT IN ('', 'n/a', 'select') THEN TRUE END AS "bad:decision_date",
    CASE WHEN "v:supplier_status" IS NULL AND "in:supplier_status" IS NOT NULL AND lower(btrim("in:supplier_status", (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))) COLLATE "C") NOT IN ('', 'n/a', 'select') THEN TRUE END AS "bad:supplier_status",
    CASE WHEN "v:last_activity" IS NULL AND "in:last_activity" IS NOT NULL AND lower(btrim("in:last_activity", (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))) COLLATE "C") NOT IN ('', 'n/a', 'select') THEN TRUE END AS "bad:last_activity",
    CASE WHEN "v:pages_viewed" IS NULL AND "in:pages_viewed" IS NOT NULL AND lower(btrim("in:pages_viewed", (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))) COLLATE "C") NOT IN ('', 'n/a', 'select', 'nan') THEN TRUE END AS "bad:pages_viewed",
    CASE WHEN "v:pricing_visits" IS NULL AND "in:pricing_visits" IS NOT NULL AND lower(btrim("in:pricing_visits", (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))) COLLATE "C") NOT IN ('', 'n/a', 'select', 'nan') THEN TRUE END AS "bad:pricing_visits",
    CASE WHEN "v:demo_requested" IS NULL AND "in:demo_requested" IS NOT NULL AND lower(btrim("in:demo_requested", (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))) COLLATE "C") NOT IN ('', 'n/a', 'select') THEN TRUE END AS "bad:demo_requested",
    CASE WHEN "v:newsletter" IS NULL AND "in:newsletter" IS NOT NULL AND lower(btrim("in:newsletter", (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))) COLLATE "C") NOT IN ('', 'n/a', 'select') THEN TRUE END AS "bad:newsletter",
    CASE WHEN "v:unsubscribed" IS NULL AND "in:unsubscribed" IS NOT NULL AND lower(btrim("in:unsubscribed", (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))) COLLATE "C") NOT IN ('', 'n/a', 'select') THEN TRUE END AS "bad:unsubscribed",
    CASE WHEN "v:competitor" IS NULL AND "in:competitor" IS NOT NULL AND lower(btrim("in:competitor", (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))) COLLATE "C") NOT IN ('', 'n/a', 'select') THEN TRUE END AS "bad:competitor",
    CASE WHEN "v:proposal_value" IS NULL AND "in:proposal_value" IS NOT NULL AND lower(btrim("in:proposal_value", (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))) COLLATE "C") NOT IN ('', 'n/a', 'select', 'nan') THEN TRUE END AS "bad:proposal_value"
  FROM typed
  OFFSET 0
),
judged AS ( -- whether a score would rest on a value that can't be read
  SELECT
    "lead_id", "f:stage", "f:country", "f:employees", "f:job_title", "f:lead_source", "f:need", "f:budget",
    "f:decision_role", "f:decision_date", "f:supplier_status", "f:last_activity", "f:pricing_visits",
    "f:demo_requested", "f:newsletter", "f:unsubscribed", "f:competitor", "bad:stage", "bad:created",
    "bad:employees", "bad:annual_revenue", "bad:lead_source", "bad:need", "bad:budget",
    "bad:decision_role", "bad:decision_date", "bad:supplier_status", "bad:last_activity",
    "bad:pages_viewed", "bad:pricing_visits", "bad:demo_requested", "bad:newsletter", "bad:unsubscribed",
    "bad:competitor", "bad:proposal_value",
    CASE WHEN "bad:stage" THEN TRUE WHEN "bad:created" THEN TRUE WHEN "bad:employees" THEN TRUE WHEN "bad:annual_revenue" THEN TRUE WHEN "bad:lead_source" THEN TRUE WHEN "bad:need" THEN TRUE WHEN "bad:budget" THEN TRUE WHEN "bad:decision_role" THEN TRUE WHEN "bad:decision_date" THEN TRUE WHEN "bad:supplier_status" THEN TRUE WHEN "bad:last_activity" THEN TRUE WHEN "bad:pages_viewed" THEN TRUE WHEN "bad:pricing_visits" THEN TRUE WHEN "bad:demo_requested" THEN TRUE WHEN "bad:newsletter" THEN TRUE WHEN "bad:unsubscribed" THEN TRUE WHEN "bad:competitor" THEN TRUE WHEN "bad:proposal_value" THEN TRUE ELSE FALSE END AS "ll:bad"
  FROM cleaned
  OFFSET 0
),
folded AS ( -- texts that are searched, A to Z in lower case
  SELECT
    "lead_id", "f:stage", "f:country", "f:employees", "f:job_title", "f:lead_source", "f:need", "f:budget",
    "f:decision_role", "f:decision_date", "f:supplier_status", "f:last_activity", "f:pricing_visits",
    "f:demo_requested", "f:newsletter", "f:unsubscribed", "f:competitor", "ll:bad",
    lower("f:job_title" COLLATE "C") AS "a:job_title"
  FROM judged
  OFFSET 0
),
derived_1 AS ( -- fields that are computed from others
  SELECT
    "lead_id", "f:stage", "f:country", "f:employees", "f:lead_source", "f:need", "f:budget",
    "f:decision_role", "f:decision_date", "f:supplier_status", "f:last_activity", "f:pricing_visits",
    "f:demo_requested", "f:newsletter", "f:unsubscribed", "f:competitor", "ll:bad", "a:job_title",
    CAST((DATE '2026-07-01' - "f:last_activity") AS float8) AS "f:days_silent",
    CAST(("f:decision_date" - DATE '2026-07-01') AS float8) AS "f:days_to_decision",
    (strpos("a:job_title", 'chief') > 0) OR (strpos("a:job_title", 'director') > 0) OR (starts_with("a:job_title", 'head of')) OR (starts_with("a:job_title", 'ceo')) OR (starts_with("a:job_title", 'cfo')) OR (starts_with("a:job_title", 'cto')) OR (starts_with("a:job_title", 'vp')) OR (starts_with("a:job_title", 'vice president')) AS "f:senior_title",
    (strpos("a:job_title", 'junior') > 0) OR (strpos("a:job_title", 'trainee') > 0) OR (strpos("a:job_title", 'assistant') > 0) AS "f:junior_title"
  FROM folded
  OFFSET 0
),
prepared AS ( -- days, folded texts and bins that several steps ask
  SELECT
    "lead_id", "f:stage", "f:country", "f:employees", "f:lead_source", "f:need", "f:budget",
    "f:decision_role", "f:decision_date", "f:supplier_status", "f:last_activity", "f:pricing_visits",
    "f:demo_requested", "f:newsletter", "f:unsubscribed", "f:competitor", "ll:bad", "a:job_title",
    "f:days_silent", "f:days_to_decision", "f:senior_title", "f:junior_title",
    CASE WHEN CAST((DATE '2026-07-01' - "f:last_activity") AS float8) IS NOT NULL THEN CASE WHEN CAST((DATE '2026-07-01' - "f:last_activity") AS float8) < float8 '20.0' THEN CASE WHEN CAST((DATE '2026-07-01' - "f:last_activity") AS float8) < float8 '10.0' THEN CASE WHEN CAST((DATE '2026-07-01' - "f:last_activity") AS float8) < float8 '1.0' THEN 48 WHEN CAST((DATE '2026-07-01' - "f:last_activity") AS float8) < float8 '2.0' THEN 46 WHEN CAST((DATE '2026-07-01' - "f:last_activity") AS float8) < float8 '3.0' THEN 43 WHEN CAST((DATE '2026-07-01' - "f:last_activity") AS float8) < float8 '4.0' THEN 41 WHEN CAST((DATE '2026-07-01' - "f:last_activity") AS float8) < float8 '5.0' THEN 39 WHEN CAST((DATE '2026-07-01' - "f:last_activity") AS float8) < float8 '6.0' THEN 37 WHEN CAST((DATE '2026-07-01' - "f:last_activity") AS float8) < float8 '7.0' THEN 36 WHEN CAST((DATE '2026-07-01' - "f:last_activity") AS float8) < float8 '8.0' THEN 34 WHEN CAST((DATE '2026-07-01' - "f:last_activity") AS float8) < float8 '9.0' THEN 32 ELSE 31 END ELSE CASE WHEN CAST((DATE '2026-07-01' - "f:last_activity") AS float8) < float8 '11.0' THEN 29 WHEN CAST((DATE '2026-07-01' - "f:last_activity") AS float8) < float8 '12.0' THEN 28 WHEN CAST((DATE '2026-07-01' - "f:last_activity") AS float8) < float8 '13.0' THEN 26 WHEN CAST((DATE '2026-07-01' - "f:last_activity") AS float8) < float8 '14.0' THEN 25 WHEN CAST((DATE '2026-07-01' - "f:last_activity") AS float8) < float8 '15.0' THEN 24 WHEN CAST((DATE '2026-07-01' - "f:last_activity") AS float8) < float8 '16.0' THEN 23 WHEN CAST((DATE '2026-07-01' - "f:last_activity") AS float8) < float8 '17.0' THEN 22 WHEN CAST((DATE '2026-07-01' - "f:last_activity") AS float8) < float8 '18.0' THEN 21 WHEN CAST((DATE '2026-07-01' - "f:last_activity") AS float8) < float8 '19.0' THEN 20 ELSE 19 END END ELSE CASE WHEN CAST((DATE '2026-07-01' - "f:last_activity") AS float8) < float8 '35.0' THEN CASE WHEN CAST((DATE '2026-07-01' - "f:last_activity") AS float8) < float8 '21.0' THEN 18 WHEN CAST((DATE '2026-07-01' - "f:last_activity") AS float8) < float8 '22.0' THEN 17 WHEN CAST((DATE '2026-07-01' - "f:last_activity") AS float8) < float8 '23.0' THEN 16 WHEN CAST((DATE '2026-07-01' - "f:last_activity") AS float8) < float8 '25.0' THEN 15 WHEN CAST((DATE '2026-07-01' - "f:last_activity") AS float8) < float8 '26.0' THEN 14 WHEN CAST((DATE '2026-07-01' - "f:last_activity") AS float8) < float8 '28.0' THEN 13 WHEN CAST((DATE '2026-07-01' - "f:last_activity") AS float8) < float8 '29.0' THEN 12 WHEN CAST((DATE '2026-07-01' - "f:last_activity") AS float8) < float8 '31.0' THEN 11 WHEN CAST((DATE '2026-07-01' - "f:last_activity") AS float8) < float8 '33.0' THEN 10 ELSE 9 END ELSE CASE WHEN CAST((DATE '2026-07-01' - "f:last_activity") AS float8) < float8 '38.0' THEN 8 WHEN CAST((DATE '2026-07-01' - "f:last_activity") AS float8) < float8 '41.0' THEN 7 WHEN CAST((DATE '2026-07-01' - "f:last_activity") AS float8) < float8 '44.0' THEN 6 WHEN CAST((DATE '2026-07-01' - "f:last_activity") AS float8) < float8 '48.0' THEN 5 WHEN CAST((DATE '2026-07-01' - "f:last_activity") AS float8) < float8 '53.0' THEN 4 WHEN CAST((DATE '2026-07-01' - "f:last_activity") AS float8) < float8 '60.0' THEN 3 WHEN CAST((DATE '2026-07-01' - "f:last_activity") AS float8) < float8 '71.0' THEN 2 WHEN CAST((DATE '2026-07-01' - "f:last_activity") AS float8) < float8 '93.0' THEN 1 ELSE 0 END END END END AS "w:recent_activity",
    CASE WHEN "f:budget" IS NULL THEN 0 ELSE CASE WHEN "f:budget" < float8 '10000.0' THEN 1 ELSE 2 END END AS "b:budget:0",
    CASE WHEN "f:need" IS NULL THEN 0 ELSE CASE "f:need" WHEN 'clear' THEN 1 WHEN 'urgent' THEN 2 ELSE 3 END END AS "b:need:0",
    CASE WHEN "f:employees" IS NULL THEN 0 ELSE CASE WHEN "f:employees" < float8 '50.0' THEN 1 WHEN "f:employees" < float8 '250.0' THEN 2 ELSE 3 END END AS "b:employees:0",
    CASE WHEN "f:country" IS NULL THEN 0 ELSE CASE "f:country" WHEN 'NO' THEN 1 WHEN 'SE' THEN 2 WHEN 'DK' THEN 3 ELSE 4 END END AS "b:country:0",
    CASE "f:demo_requested" WHEN FALSE THEN 1 WHEN TRUE THEN 2 ELSE 0 END AS "b:demo_requested:0"
  FROM derived_1
  OFFSET 0
),
priced AS ( -- what each rule and each table earns, in tenths
  SELECT
    "lead_id", "f:stage", "f:employees", "f:lead_source", "f:need", "f:budget", "f:decision_role",
    "f:decision_date", "f:supplier_status", "f:pricing_visits", "f:demo_requested", "f:newsletter",
    "f:unsubscribed", "f:competitor", "ll:bad", "a:job_title", "f:days_silent", "f:days_to_decision",
    "f:senior_title", "f:junior_title", "w:recent_activity", "b:budget:0", "b:need:0", "b:employees:0",
    "b:country:0", "b:demo_requested:0",
    CASE ("f:need" = 'urgent') WHEN TRUE THEN 60 WHEN FALSE THEN 0 END AS "r:urgent_need",
    CASE ("f:need" = 'clear') WHEN TRUE THEN 24 WHEN FALSE THEN 0 END AS "r:clear_need",
    CASE ("f:need" = 'vague') WHEN TRUE THEN -24 WHEN FALSE THEN 0 END AS "r:vague_need",
    CASE ("f:need" = 'none') WHEN TRUE THEN -80 WHEN FALSE THEN 0 END AS "r:no_need",
    CASE ("f:budget" >= float8 '10000.0') WHEN TRUE THEN 24 WHEN FALSE THEN 0 END AS "r:budget_set",
    CASE ("f:budget" < float8 '5000.0') WHEN TRUE THEN -48 WHEN FALSE THEN 0 END AS "r:small_budget",
    CASE ("f:decision_role" = 'decider') WHEN TRUE THEN 32 WHEN FALSE THEN 0 END AS "r:decider",
    CASE ("f:decision_role" = 'user') WHEN TRUE THEN -32 WHEN FALSE THEN 0 END AS "r:only_user",
    CASE ("f:senior_title") WHEN TRUE THEN 16 WHEN FALSE THEN 0 END AS "r:senior_title",
    CASE ("f:junior_title") WHEN TRUE THEN -28 WHEN FALSE THEN 0 END AS "r:junior_title",
    CASE ("f:supplier_status" = 'dismissed') WHEN TRUE THEN 56 WHEN FALSE THEN 0 END AS "r:supplier_dismissed",
    CASE ("f:supplier_status" = 'reviewing') WHEN TRUE THEN 16 WHEN FALSE THEN 0 END AS "r:supplier_reviewed",
    CASE ("f:supplier_status" = 'has_supplier') WHEN TRUE THEN -40 WHEN FALSE THEN 0 END AS "r:supplier_kept",
    CASE (("f:days_to_decision" >= float8 '0.0') AND ("f:days_to_decision" <= float8 '60.0')) WHEN TRUE THEN 32 WHEN FALSE THEN 0 END AS "r:decides_soon",
    CASE ("f:days_to_decision" > float8 '180.0') WHEN TRUE THEN -32 WHEN FALSE THEN 0 END AS "r:decides_late",
    CASE ("f:lead_source" IN ('referral', 'partner')) WHEN TRUE THEN 24 WHEN FALSE THEN 0 END AS "r:referred",
    CASE ("f:lead_source" = 'bought_list') WHEN TRUE THEN -48 WHEN FALSE THEN 0 END AS "r:bought_list",
    CASE ("f:days_silent" <= float8 '90.0') WHEN TRUE THEN "w:recent_activity" WHEN FALSE THEN 0 END AS "r:recent_activity",
    CASE ("f:pricing_visits" >= float8 '1.0') WHEN TRUE THEN 24 WHEN FALSE THEN 0 END AS "r:price_page",
    CASE ("f:demo_requested") WHEN TRUE THEN 40 WHEN FALSE THEN 0 END AS "r:demo_requested",
    CASE ("f:newsletter") WHEN TRUE THEN 24 WHEN FALSE THEN 0 END AS "r:newsletter",
    CASE ("f:days_silent" > float8 '60.0') WHEN TRUE THEN -40 WHEN FALSE THEN 0 END AS "r:long_silence",
    CASE ("f:employees" < float8 '10.0') WHEN TRUE THEN -40 WHEN FALSE THEN 0 END AS "r:tiny",
    CASE ("f:employees" >= float8 '50.0') WHEN TRUE THEN 20 WHEN FALSE THEN 0 END AS "r:right_size",
    CASE ("f:employees" >= float8 '1000.0') WHEN TRUE THEN 48 WHEN FALSE THEN 0 END AS "r:enterprise",
    CASE WHEN "f:employees" IS NULL THEN -4 ELSE CASE WHEN "f:employees" < float8 '10.0' THEN -31 WHEN "f:employees" < float8 '50.0' THEN 2 WHEN "f:employees" < float8 '250.0' THEN 24 ELSE 11 END END AS "t:employees",
    CASE WHEN "f:lead_source" IS NULL THEN 0 ELSE CASE "f:lead_source" WHEN 'referral' THEN 38 WHEN 'web' THEN -6 ELSE -12 END END AS "t:lead_source",
    CASE "f:demo_requested" WHEN FALSE THEN -9 WHEN TRUE THEN 42 ELSE -3 END AS "t:demo_requested",
    (ARRAY[0, 3, 4, -2, -5, -1, 0, 1, 2, 5, 18, -7])["b:budget:0" * 4 + "b:need:0" + 1] AS "t:budget & need",
    CASE WHEN "b:need:0" BETWEEN 1 AND 2 THEN CASE WHEN "b:employees:0" < 2 THEN -6 ELSE CASE WHEN "b:country:0" IN (1, 3) THEN 17 ELSE 3 END END ELSE -2 END + CASE WHEN "b:demo_requested:0" = 2 THEN CASE WHEN "b:country:0" IN (0, 2) THEN 9 ELSE -4 END ELSE 0 END AS "t:employees & need & country & demo_requested",
    ("f:need" IN ('clear', 'urgent')) AS "c:need",
    ("f:budget" >= float8 '10000.0') AS "c:budget",
    (("f:days_to_decision" >= float8 '0.0') AND ("f:days_to_decision" <= float8 '180.0')) AS "c:timing",
    ("f:unsubscribed") AS "x:asked_to_stop",
    ("f:competitor") AS "x:competitor",
    (strpos("a:job_title", 'student') > 0) AS "x:student"
  FROM prepared
  OFFSET 0
),
grouped AS ( -- what groups of rules are worth together
  SELECT
    "lead_id", "f:stage", "f:employees", "f:need", "f:budget", "f:decision_role", "f:decision_date",
    "f:supplier_status", "ll:bad", "b:budget:0", "b:need:0", "b:employees:0", "b:country:0",
    "r:urgent_need", "r:clear_need", "r:vague_need", "r:no_need", "r:budget_set", "r:small_budget",
    "r:decider", "r:only_user", "r:senior_title", "r:junior_title", "r:supplier_dismissed",
    "r:supplier_reviewed", "r:supplier_kept", "r:decides_soon", "r:decides_late", "r:referred",
    "r:bought_list", "r:recent_activity", "r:price_page", "r:demo_requested", "r:newsletter",
    "r:long_silence", "r:tiny", "r:right_size", "r:enterprise", "t:employees", "t:lead_source",
    "t:demo_requested", "t:budget & need", "t:employees & need & country & demo_requested", "c:need",
    "c:budget", "c:timing", "x:asked_to_stop", "x:competitor", "x:student",
    coalesce("r:recent_activity", 0) + coalesce("r:price_page", 0) + coalesce("r:demo_requested", 0) + coalesce("r:newsletter", 0) + coalesce("r:long_silence", 0) AS "s:engagement",
    coalesce("r:right_size", 0) + coalesce("r:enterprise", 0) AS "s:size",
    greatest(nullif("r:right_size", 0), nullif("r:enterprise", 0)) AS "m:size",
    greatest(coalesce(greatest(nullif("r:right_size", 0), nullif("r:enterprise", 0)), 0), CASE WHEN "r:right_size" IS NULL AND ("f:employees" IS NULL) THEN 20 END, CASE WHEN "r:enterprise" IS NULL AND ("f:employees" IS NULL) THEN 48 END) AS "h:size"
  FROM priced
  OFFSET 0
),
capped AS ( -- what their limits leave, less the plain sum
  SELECT
    "lead_id", "f:stage", "f:employees", "f:need", "f:budget", "f:decision_role", "f:decision_date",
    "f:supplier_status", "ll:bad", "b:budget:0", "b:need:0", "b:employees:0", "b:country:0",
    "r:urgent_need", "r:clear_need", "r:vague_need", "r:no_need", "r:budget_set", "r:small_budget",
    "r:decider", "r:only_user", "r:senior_title", "r:junior_title", "r:supplier_dismissed",
    "r:supplier_reviewed", "r:supplier_kept", "r:decides_soon", "r:decides_late", "r:referred",
    "r:bought_list", "r:recent_activity", "r:price_page", "r:demo_requested", "r:newsletter",
    "r:long_silence", "r:tiny", "r:right_size", "r:enterprise", "t:employees", "t:lead_source",
    "t:demo_requested", "t:budget & need", "t:employees & need & country & demo_requested", "c:need",
    "c:budget", "c:timing", "x:asked_to_stop", "x:competitor", "x:student", "s:engagement", "s:size",
    "m:size", "h:size",
    greatest(least("s:engagement", 80), -60) - "s:engagement" AS "g:engagement",
    coalesce("m:size", 0) - "s:size" AS "g:size"
  FROM grouped
  OFFSET 0
),
summed AS ( -- the total
  SELECT
    "lead_id", "f:stage", "f:employees", "f:need", "f:budget", "f:decision_role", "f:decision_date",
    "f:supplier_status", "ll:bad", "b:budget:0", "b:need:0", "b:employees:0", "b:country:0",
    "r:urgent_need", "r:clear_need", "r:vague_need", "r:no_need", "r:budget_set", "r:small_budget",
    "r:decider", "r:only_user", "r:senior_title", "r:junior_title", "r:supplier_dismissed",
    "r:supplier_reviewed", "r:supplier_kept", "r:decides_soon", "r:decides_late", "r:referred",
    "r:bought_list", "r:recent_activity", "r:price_page", "r:demo_requested", "r:newsletter",
    "r:long_silence", "r:tiny", "r:right_size", "r:enterprise", "t:employees", "t:lead_source",
    "t:demo_requested", "t:budget & need", "t:employees & need & country & demo_requested", "c:need",
    "c:budget", "c:timing", "x:asked_to_stop", "x:competitor", "x:student", "m:size", "h:size",
    "g:engagement", "g:size",
    437 + coalesce("r:urgent_need", 0) + coalesce("r:clear_need", 0) + coalesce("r:vague_need", 0) + coalesce("r:no_need", 0) + coalesce("r:budget_set", 0) + coalesce("r:small_budget", 0) + coalesce("r:decider", 0) + coalesce("r:only_user", 0) + coalesce("r:senior_title", 0) + coalesce("r:junior_title", 0) + coalesce("r:supplier_dismissed", 0) + coalesce("r:supplier_reviewed", 0) + coalesce("r:supplier_kept", 0) + coalesce("r:decides_soon", 0) + coalesce("r:decides_late", 0) + coalesce("r:referred", 0) + coalesce("r:bought_list", 0) + coalesce("r:recent_activity", 0) + coalesce("r:price_page", 0) + coalesce("r:demo_requested", 0) + coalesce("r:newsletter", 0) + coalesce("r:long_silence", 0) + coalesce("r:tiny", 0) + coalesce("r:right_size", 0) + coalesce("r:enterprise", 0) + "g:engagement" + "g:size" + "t:employees" + "t:lead_source" + "t:demo_requested" + "t:budget & need" + "t:employees & need & country & demo_requested" AS "ll:total"
  FROM capped
  OFFSET 0
),
ranged AS ( -- what answers to questions could still make of it
  SELECT
    "lead_id", "f:stage", "f:employees", "f:need", "f:budget", "f:decision_role", "f:decision_date",
    "f:supplier_status", "ll:bad", "b:budget:0", "b:need:0", "b:employees:0", "b:country:0",
    "r:decides_soon", "t:budget & need", "c:need", "c:budget", "c:timing", "x:asked_to_stop",
    "x:competitor", "x:student", "m:size", "h:size", "ll:total",
    "ll:total" + CASE WHEN "f:employees" IS NULL THEN 28 ELSE 0 END + CASE WHEN "f:need" IS NULL THEN 60 ELSE 0 END + CASE WHEN "f:budget" IS NULL THEN 24 ELSE 0 END + CASE WHEN "f:decision_role" IS NULL THEN 32 ELSE 0 END + CASE WHEN "f:supplier_status" IS NULL THEN 56 ELSE 0 END + CASE WHEN "r:decides_soon" IS NULL AND ("f:decision_date" IS NULL) THEN 32 ELSE 0 END + "h:size" - (coalesce("m:size", 0)) + CASE WHEN "f:budget" IS NULL AND "f:need" IS NULL THEN 18 - "t:budget & need" WHEN "f:budget" IS NULL THEN (ARRAY[2, 5, 18, 1])["b:need:0" + 1] - "t:budget & need" WHEN "f:need" IS NULL THEN (ARRAY[4, 1, 18])["b:budget:0" + 1] - "t:budget & need" ELSE 0 END + CASE WHEN "f:employees" IS NULL OR "f:need" IS NULL THEN 17 - (CASE WHEN "b:need:0" BETWEEN 1 AND 2 THEN CASE WHEN "b:employees:0" < 2 THEN -6 ELSE CASE WHEN "b:country:0" IN (1, 3) THEN 17 ELSE 3 END END ELSE -2 END) ELSE 0 END AS "ll:high"
  FROM summed
  OFFSET 0
),
placed AS ( -- where the lead stands, and whether it is excluded
  SELECT
    "lead_id", "f:stage", "f:employees", "ll:bad", "b:budget:0", "b:need:0", "c:need", "c:budget",
    "c:timing", "x:asked_to_stop", "x:competitor", "x:student", "ll:total", "ll:high",
    CASE WHEN "f:stage" IN ('contact', 'lead', 'opportunity', 'customer') THEN "f:stage" ELSE 'lead' END AS "ll:stands",
    coalesce("x:asked_to_stop", FALSE) OR coalesce("x:competitor", FALSE) OR coalesce("x:student", FALSE) AS "ll:out"
  FROM ranged
  OFFSET 0
)
SELECT
  "lead_id",
  CASE WHEN NOT "ll:bad" THEN (least(greatest("ll:total", 0), 1000) + 5) / 10 END AS "score",
  CASE WHEN NOT "ll:bad" THEN "ll:total" / float8 '10.0' END AS "points",
  CASE WHEN NOT "ll:bad" THEN CASE WHEN (ln(float8 '0.09' / float8 '0.91') + ("ll:total" - 500) / float8 '100.0' * ln(float8 '2.0')) >= 0 THEN 1 / (1 + exp(greatest(-(ln(float8 '0.09' / float8 '0.91') + ("ll:total" - 500) / float8 '100.0' * ln(float8 '2.0')), float8 '-700.0'))) ELSE exp(greatest((ln(float8 '0.09' / float8 '0.91') + ("ll:total" - 500) / float8 '100.0' * ln(float8 '2.0')), float8 '-700.0')) / (1 + exp(greatest((ln(float8 '0.09' / float8 '0.91') + ("ll:total" - 500) / float8 '100.0' * ln(float8 '2.0')), float8 '-700.0'))) END END AS "probability",
  CASE WHEN NOT "ll:bad" THEN CASE WHEN "ll:total" >= 700 THEN 'A' WHEN "ll:total" >= 550 THEN 'B' WHEN "ll:total" >= 400 THEN 'C' ELSE 'D' END END AS "grade",
  CASE WHEN NOT "ll:bad" THEN CASE WHEN "ll:out" THEN 'disqualify' WHEN "ll:stands" = 'contact' THEN CASE WHEN "c:need" = FALSE OR "c:budget" = FALSE THEN 'nurture' WHEN "c:need" IS NULL OR "c:budget" IS NULL THEN 'ask' ELSE 'promote' END WHEN "ll:stands" = 'lead' THEN CASE WHEN "c:need" = FALSE OR "c:budget" = FALSE OR "c:timing" = FALSE THEN 'nurture' WHEN "ll:total" < 900 AND "ll:high" >= 900 THEN 'ask' WHEN "ll:total" < 900 THEN 'nurture' WHEN "c:need" IS NULL OR "c:budget" IS NULL OR "c:timing" IS NULL THEN 'ask' ELSE 'promote' END ELSE 'keep' END END AS "recommendation",
  CASE WHEN NOT "ll:bad" THEN floor(sqrt(float8 '25.0' + CASE WHEN "f:employees" IS NULL THEN float8 '81.0' ELSE CASE WHEN "f:employees" < float8 '10.0' THEN float8 '36.0' WHEN "f:employees" < float8 '50.0' THEN float8 '16.0' WHEN "f:employees" < float8 '250.0' THEN float8 '49.0' ELSE float8 '225.0' END END + (ARRAY[float8 '144.0', float8 '64.0', float8 '81.0', float8 '81.0', float8 '36.0', float8 '16.0', float8 '49.0', float8 '25.0', float8 '36.0', float8 '9.0', float8 '16.0', float8 '16.0'])["b:budget:0" * 4 + "b:need:0" + 1]) + float8 '0.5') / float8 '10.0' END AS "plus_minus"
FROM placed;
