-- b2b-software example -- printed for BigQuery, and untested on the engine
WITH taken AS ( -- texts in no collation, and columns whose type is not known as texts
  SELECT
    *,
    COLLATE(CAST(`lead_id` AS STRING), '') AS `in:lead_id`,
    COLLATE(CAST(`company` AS STRING), '') AS `in:company`,
    COLLATE(CAST(`stage` AS STRING), '') AS `in:stage`,
    COLLATE(CAST(`created` AS STRING), '') AS `in:created`,
    COLLATE(CAST(`country` AS STRING), '') AS `in:country`,
    COLLATE(CAST(`industry` AS STRING), '') AS `in:industry`,
    COLLATE(CAST(`employees` AS STRING), '') AS `in:employees`,
    COLLATE(CAST(`annual_revenue` AS STRING), '') AS `in:annual_revenue`,
    COLLATE(CAST(`job_title` AS STRING), '') AS `in:job_title`,
    COLLATE(CAST(`lead_source` AS STRING), '') AS `in:lead_source`,
    COLLATE(CAST(`need` AS STRING), '') AS `in:need`,
    COLLATE(CAST(`budget` AS STRING), '') AS `in:budget`,
    COLLATE(CAST(`decision_role` AS STRING), '') AS `in:decision_role`,
    COLLATE(CAST(`decision_date` AS STRING), '') AS `in:decision_date`,
    COLLATE(CAST(`supplier_status` AS STRING), '') AS `in:supplier_status`,
    COLLATE(CAST(`last_activity` AS STRING), '') AS `in:last_activity`,
    COLLATE(CAST(`pages_viewed` AS STRING), '') AS `in:pages_viewed`,
    COLLATE(CAST(`pricing_visits` AS STRING), '') AS `in:pricing_visits`,
    COLLATE(CAST(`demo_requested` AS STRING), '') AS `in:demo_requested`,
    COLLATE(CAST(`newsletter` AS STRING), '') AS `in:newsletter`,
    COLLATE(CAST(`unsubscribed` AS STRING), '') AS `in:unsubscribed`,
    COLLATE(CAST(`competitor` AS STRING), '') AS `in:competitor`,
    COLLATE(CAST(`lead_status` AS STRING), '') AS `in:lead_status`,
    COLLATE(CAST(`proposal_value` AS STRING), '') AS `in:proposal_value`
  FROM leads
),
trimmed AS ( -- texts of days, choices, and numbers that aren't written plainly, without white space at the ends
  SELECT
    *,
    CASE WHEN length(`in:created`) = 10 THEN `in:created` ELSE TRIM(`in:created`, ' \t\n\r\f\v') END AS `raw:created`,
    CASE WHEN length(`in:decision_date`) = 10 THEN `in:decision_date` ELSE TRIM(`in:decision_date`, ' \t\n\r\f\v') END AS `raw:decision_date`,
    CASE WHEN length(`in:last_activity`) = 10 THEN `in:last_activity` ELSE TRIM(`in:last_activity`, ' \t\n\r\f\v') END AS `raw:last_activity`,
    CASE WHEN NOT (REGEXP_CONTAINS(`in:employees`, r'\A(?:[ \t\n\r\f\v]*(?:[+-]?(?:(?:[0-9]+[.]?|[0-9]*[.](?:[0-9]{1,2}|[0-9]{4,})|(?:0[0-9]*|[0-9]{4,})?[.][0-9]{3})|(?:[0-9]+[.]?[0-9]*|[.][0-9]+)[eE][+-]?[0-9]+))[ \t\n\r\f\v]*)\z')) THEN TRANSLATE(TRIM(`in:employees`, ' \t\n\r\f\v'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') END AS `odd:employees`,
    CASE WHEN NOT (REGEXP_CONTAINS(`in:annual_revenue`, r'\A(?:[ \t\n\r\f\v]*(?:[+-]?(?:(?:[0-9]+[.]?|[0-9]*[.](?:[0-9]{1,2}|[0-9]{4,})|(?:0[0-9]*|[0-9]{4,})?[.][0-9]{3})|(?:[0-9]+[.]?[0-9]*|[.][0-9]+)[eE][+-]?[0-9]+))[ \t\n\r\f\v]*)\z')) THEN TRANSLATE(TRIM(`in:annual_revenue`, ' \t\n\r\f\v'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') END AS `odd:annual_revenue`,
    CASE WHEN NOT (REGEXP_CONTAINS(`in:budget`, r'\A(?:[ \t\n\r\f\v]*(?:[+-]?(?:(?:[0-9]+[.]?|[0-9]*[.](?:[0-9]{1,2}|[0-9]{4,})|(?:0[0-9]*|[0-9]{4,})?[.][0-9]{3})|(?:[0-9]+[.]?[0-9]*|[.][0-9]+)[eE][+-]?[0-9]+))[ \t\n\r\f\v]*)\z')) THEN TRANSLATE(TRIM(`in:budget`, ' \t\n\r\f\v'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') END AS `odd:budget`,
    CASE WHEN NOT (REGEXP_CONTAINS(`in:pages_viewed`, r'\A(?:[ \t\n\r\f\v]*(?:[+-]?(?:(?:[0-9]+[.]?|[0-9]*[.](?:[0-9]{1,2}|[0-9]{4,})|(?:0[0-9]*|[0-9]{4,})?[.][0-9]{3})|(?:[0-9]+[.]?[0-9]*|[.][0-9]+)[eE][+-]?[0-9]+))[ \t\n\r\f\v]*)\z')) THEN TRANSLATE(TRIM(`in:pages_viewed`, ' \t\n\r\f\v'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') END AS `odd:pages_viewed`,
    CASE WHEN NOT (REGEXP_CONTAINS(`in:pricing_visits`, r'\A(?:[ \t\n\r\f\v]*(?:[+-]?(?:(?:[0-9]+[.]?|[0-9]*[.](?:[0-9]{1,2}|[0-9]{4,})|(?:0[0-9]*|[0-9]{4,})?[.][0-9]{3})|(?:[0-9]+[.]?[0-9]*|[.][0-9]+)[eE][+-]?[0-9]+))[ \t\n\r\f\v]*)\z')) THEN TRANSLATE(TRIM(`in:pricing_visits`, ' \t\n\r\f\v'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') END AS `odd:pricing_visits`,
    CASE WHEN NOT (REGEXP_CONTAINS(`in:proposal_value`, r'\A(?:[ \t\n\r\f\v]*(?:[+-]?(?:(?:[0-9]+[.]?|[0-9]*[.](?:[0-9]{1,2}|[0-9]{4,})|(?:0[0-9]*|[0-9]{4,})?[.][0-9]{3})|(?:[0-9]+[.]?[0-9]*|[.][0-9]+)[eE][+-]?[0-9]+))[ \t\n\r\f\v]*)\z')) THEN TRANSLATE(TRIM(`in:proposal_value`, ' \t\n\r\f\v'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') END AS `odd:proposal_value`
  FROM taken
),
typed AS ( -- each value in the kind of its field, or NULL
  SELECT
    *,
    CASE WHEN TRANSLATE(TRIM(`in:lead_id`, ' \t\n\r\f\v'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') NOT IN ('', 'n/a', 'select') THEN TRIM(`in:lead_id`, ' \t\n\r\f\v') END AS `v:lead_id`,
    CASE WHEN TRANSLATE(TRIM(`in:company`, ' \t\n\r\f\v'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') NOT IN ('', 'n/a', 'select') THEN TRIM(`in:company`, ' \t\n\r\f\v') END AS `v:company`,
    CASE WHEN `in:stage` IN ('contact', 'lead', 'opportunity', 'customer') THEN `in:stage` WHEN `in:stage` IS NOT NULL THEN CASE TRANSLATE(TRIM(`in:stage`, ' \t\n\r\f\v'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') WHEN 'contact' THEN 'contact' WHEN 'lead' THEN 'lead' WHEN 'opportunity' THEN 'opportunity' WHEN 'customer' THEN 'customer' END END AS `v:stage`,
    CASE WHEN NOT REGEXP_CONTAINS(`raw:created`, r'\A(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:\.[0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)\z') THEN NULL WHEN LENGTH(`raw:created`) = 10 THEN SAFE_CAST(SUBSTR(`raw:created`, 1, 10) AS DATE) WHEN CAST(SUBSTR(`raw:created`, 12, 2) AS INT64) * 60 + CAST(SUBSTR(`raw:created`, 15, 2) AS INT64) + CASE REGEXP_EXTRACT(SUBSTR(`raw:created`, 17), r'[+-]') WHEN '-' THEN 1 WHEN '+' THEN -1 ELSE 0 END * (COALESCE(SAFE_CAST(REGEXP_EXTRACT(SUBSTR(`raw:created`, 17), r'[+-]([0-9]{2})') AS INT64), 0) * 60 + COALESCE(SAFE_CAST(REGEXP_EXTRACT(SUBSTR(`raw:created`, 17), r'[+-][0-9]{2}:?([0-9]{2})$') AS INT64), 0)) < 0 THEN CASE WHEN SAFE_CAST(SUBSTR(`raw:created`, 1, 10) AS DATE) > DATE '0001-01-01' THEN DATE_SUB(SAFE_CAST(SUBSTR(`raw:created`, 1, 10) AS DATE), INTERVAL 1 DAY) END WHEN CAST(SUBSTR(`raw:created`, 12, 2) AS INT64) * 60 + CAST(SUBSTR(`raw:created`, 15, 2) AS INT64) + CASE REGEXP_EXTRACT(SUBSTR(`raw:created`, 17), r'[+-]') WHEN '-' THEN 1 WHEN '+' THEN -1 ELSE 0 END * (COALESCE(SAFE_CAST(REGEXP_EXTRACT(SUBSTR(`raw:created`, 17), r'[+-]([0-9]{2})') AS INT64), 0) * 60 + COALESCE(SAFE_CAST(REGEXP_EXTRACT(SUBSTR(`raw:created`, 17), r'[+-][0-9]{2}:?([0-9]{2})$') AS INT64), 0)) >= 1440 THEN CASE WHEN SAFE_CAST(SUBSTR(`raw:created`, 1, 10) AS DATE) < DATE '9999-12-31' THEN DATE_ADD(SAFE_CAST(SUBSTR(`raw:created`, 1, 10) AS DATE), INTERVAL 1 DAY) END ELSE SAFE_CAST(SUBSTR(`raw:created`, 1, 10) AS DATE) END AS `v:created`,
    CASE WHEN TRANSLATE(TRIM(`in:country`, ' \t\n\r\f\v'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') NOT IN ('', 'n/a', 'select') THEN TRIM(`in:country`, ' \t\n\r\f\v') END AS `v:country`,
    CASE WHEN TRANSLATE(TRIM(`in:industry`, ' \t\n\r\f\v'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') NOT IN ('', 'n/a', 'select') THEN TRIM(`in:industry`, ' \t\n\r\f\v') END AS `v:industry`,
    CASE WHEN `odd:employees` IS NULL THEN CASE WHEN ABS(SAFE_CAST(TRIM(`in:employees`, ' \t\n\r\f\v') AS FLOAT64)) < CAST('inf' AS FLOAT64) THEN SAFE_CAST(TRIM(`in:employees`, ' \t\n\r\f\v') AS FLOAT64) END WHEN length(`odd:employees`) > 300 THEN NULL WHEN REGEXP_CONTAINS(`odd:employees`, '\\A(?:[+-]?(?:[1-9][0-9]{0,2}(?:[.][0-9]{3})+,[0-9]+|[1-9][0-9]{0,2}(?:[.][0-9]{3}){2,}|[1-9][0-9]{0,2}(?:[ \'’][0-9]{3})+,[0-9]+|[0-9]+,(?:[0-9]{1,2}|[0-9]{4,})|(?:0[0-9]*|[0-9]{4,}),[0-9]{3}))\\z') THEN SAFE_CAST(translate(`odd:employees`, ',. \'’', '.') AS FLOAT64) WHEN REGEXP_CONTAINS(`odd:employees`, '\\A(?:[+-]?(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+[.][0-9]+|[1-9][0-9]{0,2}(?:,[0-9]{3}){2,}|[1-9][0-9]{0,2}(?:[ \'’][0-9]{3})+[.][0-9]+|[1-9][0-9]{0,2}(?:[ \'’][0-9]{3})+))\\z') THEN SAFE_CAST(translate(`odd:employees`, ', \'’', '') AS FLOAT64) END AS `v:employees`,
    CASE WHEN `odd:annual_revenue` IS NULL THEN CASE WHEN ABS(SAFE_CAST(TRIM(`in:annual_revenue`, ' \t\n\r\f\v') AS FLOAT64)) < CAST('inf' AS FLOAT64) THEN SAFE_CAST(TRIM(`in:annual_revenue`, ' \t\n\r\f\v') AS FLOAT64) END WHEN length(`odd:annual_revenue`) > 300 THEN NULL WHEN REGEXP_CONTAINS(`odd:annual_revenue`, '\\A(?:[+-]?(?:[1-9][0-9]{0,2}(?:[.][0-9]{3})+,[0-9]+|[1-9][0-9]{0,2}(?:[.][0-9]{3}){2,}|[1-9][0-9]{0,2}(?:[ \'’][0-9]{3})+,[0-9]+|[0-9]+,(?:[0-9]{1,2}|[0-9]{4,})|(?:0[0-9]*|[0-9]{4,}),[0-9]{3}))\\z') THEN SAFE_CAST(translate(`odd:annual_revenue`, ',. \'’', '.') AS FLOAT64) WHEN REGEXP_CONTAINS(`odd:annual_revenue`, '\\A(?:[+-]?(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+[.][0-9]+|[1-9][0-9]{0,2}(?:,[0-9]{3}){2,}|[1-9][0-9]{0,2}(?:[ \'’][0-9]{3})+[.][0-9]+|[1-9][0-9]{0,2}(?:[ \'’][0-9]{3})+))\\z') THEN SAFE_CAST(translate(`odd:annual_revenue`, ', \'’', '') AS FLOAT64) END AS `v:annual_revenue`,
    CASE WHEN TRANSLATE(TRIM(`in:job_title`, ' \t\n\r\f\v'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') NOT IN ('', 'n/a', 'select') THEN TRIM(`in:job_title`, ' \t\n\r\f\v') END AS `v:job_title`,
    CASE WHEN `in:lead_source` IN ('web_form', 'content_download', 'webinar', 'trade_fair', 'referral', 'partner', 'outbound', 'bought_list') THEN `in:lead_source` WHEN `in:lead_source` IS NOT NULL THEN CASE TRANSLATE(TRIM(`in:lead_source`, ' \t\n\r\f\v'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') WHEN 'web_form' THEN 'web_form' WHEN 'content_download' THEN 'content_download' WHEN 'webinar' THEN 'webinar' WHEN 'trade_fair' THEN 'trade_fair' WHEN 'referral' THEN 'referral' WHEN 'partner' THEN 'partner' WHEN 'outbound' THEN 'outbound' WHEN 'bought_list' THEN 'bought_list' END END AS `v:lead_source`,
    CASE WHEN `in:need` IN ('none', 'vague', 'clear', 'urgent') THEN `in:need` WHEN `in:need` IS NOT NULL THEN CASE TRANSLATE(TRIM(`in:need`, ' \t\n\r\f\v'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') WHEN 'none' THEN 'none' WHEN 'vague' THEN 'vague' WHEN 'clear' THEN 'clear' WHEN 'urgent' THEN 'urgent' END END AS `v:need`,
    CASE WHEN `odd:budget` IS NULL THEN CASE WHEN ABS(SAFE_CAST(TRIM(`in:budget`, ' \t\n\r\f\v') AS FLOAT64)) < CAST('inf' AS FLOAT64) THEN SAFE_CAST(TRIM(`in:budget`, ' \t\n\r\f\v') AS FLOAT64) END WHEN length(`odd:budget`) > 300 THEN NULL WHEN REGEXP_CONTAINS(`odd:budget`, '\\A(?:[+-]?(?:[1-9][0-9]{0,2}(?:[.][0-9]{3})+,[0-9]+|[1-9][0-9]{0,2}(?:[.][0-9]{3}){2,}|[1-9][0-9]{0,2}(?:[ \'’][0-9]{3})+,[0-9]+|[0-9]+,(?:[0-9]{1,2}|[0-9]{4,})|(?:0[0-9]*|[0-9]{4,}),[0-9]{3}))\\z') THEN SAFE_CAST(translate(`odd:budget`, ',. \'’', '.') AS FLOAT64) WHEN REGEXP_CONTAINS(`odd:budget`, '\\A(?:[+-]?(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+[.][0-9]+|[1-9][0-9]{0,2}(?:,[0-9]{3}){2,}|[1-9][0-9]{0,2}(?:[ \'’][0-9]{3})+[.][0-9]+|[1-9][0-9]{0,2}(?:[ \'’][0-9]{3})+))\\z') THEN SAFE_CAST(translate(`odd:budget`, ', \'’', '') AS FLOAT64) END AS `v:budget`,
    CASE WHEN `in:decision_role` IN ('decider', 'influencer', 'user') THEN `in:decision_role` WHEN `in:decision_role` IS NOT NULL THEN CASE TRANSLATE(TRIM(`in:decision_role`, ' \t\n\r\f\v'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') WHEN 'decider' THEN 'decider' WHEN 'influencer' THEN 'influencer' WHEN 'user' THEN 'user' END END AS `v:decision_role`,
    CASE WHEN NOT REGEXP_CONTAINS(`raw:decision_date`, r'\A(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:\.[0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)\z') THEN NULL WHEN LENGTH(`raw:decision_date`) = 10 THEN SAFE_CAST(SUBSTR(`raw:decision_date`, 1, 10) AS DATE) WHEN CAST(SUBSTR(`raw:decision_date`, 12, 2) AS INT64) * 60 + CAST(SUBSTR(`raw:decision_date`, 15, 2) AS INT64) + CASE REGEXP_EXTRACT(SUBSTR(`raw:decision_date`, 17), r'[+-]') WHEN '-' THEN 1 WHEN '+' THEN -1 ELSE 0 END * (COALESCE(SAFE_CAST(REGEXP_EXTRACT(SUBSTR(`raw:decision_date`, 17), r'[+-]([0-9]{2})') AS INT64), 0) * 60 + COALESCE(SAFE_CAST(REGEXP_EXTRACT(SUBSTR(`raw:decision_date`, 17), r'[+-][0-9]{2}:?([0-9]{2})$') AS INT64), 0)) < 0 THEN CASE WHEN SAFE_CAST(SUBSTR(`raw:decision_date`, 1, 10) AS DATE) > DATE '0001-01-01' THEN DATE_SUB(SAFE_CAST(SUBSTR(`raw:decision_date`, 1, 10) AS DATE), INTERVAL 1 DAY) END WHEN CAST(SUBSTR(`raw:decision_date`, 12, 2) AS INT64) * 60 + CAST(SUBSTR(`raw:decision_date`, 15, 2) AS INT64) + CASE REGEXP_EXTRACT(SUBSTR(`raw:decision_date`, 17), r'[+-]') WHEN '-' THEN 1 WHEN '+' THEN -1 ELSE 0 END * (COALESCE(SAFE_CAST(REGEXP_EXTRACT(SUBSTR(`raw:decision_date`, 17), r'[+-]([0-9]{2})') AS INT64), 0) * 60 + COALESCE(SAFE_CAST(REGEXP_EXTRACT(SUBSTR(`raw:decision_date`, 17), r'[+-][0-9]{2}:?([0-9]{2})$') AS INT64), 0)) >= 1440 THEN CASE WHEN SAFE_CAST(SUBSTR(`raw:decision_date`, 1, 10) AS DATE) < DATE '9999-12-31' THEN DATE_ADD(SAFE_CAST(SUBSTR(`raw:decision_date`, 1, 10) AS DATE), INTERVAL 1 DAY) END ELSE SAFE_CAST(SUBSTR(`raw:decision_date`, 1, 10) AS DATE) END AS `v:decision_date`,
    CASE WHEN `in:supplier_status` IN ('has_supplier', 'reviewing', 'dismissed', 'none') THEN `in:supplier_status` WHEN `in:supplier_status` IS NOT NULL THEN CASE TRANSLATE(TRIM(`in:supplier_status`, ' \t\n\r\f\v'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') WHEN 'has_supplier' THEN 'has_supplier' WHEN 'reviewing' THEN 'reviewing' WHEN 'dismissed' THEN 'dismissed' WHEN 'none' THEN 'none' END END AS `v:supplier_status`,
    CASE WHEN NOT REGEXP_CONTAINS(`raw:last_activity`, r'\A(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:\.[0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)\z') THEN NULL WHEN LENGTH(`raw:last_activity`) = 10 THEN SAFE_CAST(SUBSTR(`raw:last_activity`, 1, 10) AS DATE) WHEN CAST(SUBSTR(`raw:last_activity`, 12, 2) AS INT64) * 60 + CAST(SUBSTR(`raw:last_activity`, 15, 2) AS INT64) + CASE REGEXP_EXTRACT(SUBSTR(`raw:last_activity`, 17), r'[+-]') WHEN '-' THEN 1 WHEN '+' THEN -1 ELSE 0 END * (COALESCE(SAFE_CAST(REGEXP_EXTRACT(SUBSTR(`raw:last_activity`, 17), r'[+-]([0-9]{2})') AS INT64), 0) * 60 + COALESCE(SAFE_CAST(REGEXP_EXTRACT(SUBSTR(`raw:last_activity`, 17), r'[+-][0-9]{2}:?([0-9]{2})$') AS INT64), 0)) < 0 THEN CASE WHEN SAFE_CAST(SUBSTR(`raw:last_activity`, 1, 10) AS DATE) > DATE '0001-01-01' THEN DATE_SUB(SAFE_CAST(SUBSTR(`raw:last_activity`, 1, 10) AS DATE), INTERVAL 1 DAY) END WHEN CAST(SUBSTR(`raw:last_activity`, 12, 2) AS INT64) * 60 + CAST(SUBSTR(`raw:last_activity`, 15, 2) AS INT64) + CASE REGEXP_EXTRACT(SUBSTR(`raw:last_activity`, 17), r'[+-]') WHEN '-' THEN 1 WHEN '+' THEN -1 ELSE 0 END * (COALESCE(SAFE_CAST(REGEXP_EXTRACT(SUBSTR(`raw:last_activity`, 17), r'[+-]([0-9]{2})') AS INT64), 0) * 60 + COALESCE(SAFE_CAST(REGEXP_EXTRACT(SUBSTR(`raw:last_activity`, 17), r'[+-][0-9]{2}:?([0-9]{2})$') AS INT64), 0)) >= 1440 THEN CASE WHEN SAFE_CAST(SUBSTR(`raw:last_activity`, 1, 10) AS DATE) < DATE '9999-12-31' THEN DATE_ADD(SAFE_CAST(SUBSTR(`raw:last_activity`, 1, 10) AS DATE), INTERVAL 1 DAY) END ELSE SAFE_CAST(SUBSTR(`raw:last_activity`, 1, 10) AS DATE) END AS `v:last_activity`,
    CASE WHEN `odd:pages_viewed` IS NULL THEN CASE WHEN ABS(SAFE_CAST(TRIM(`in:pages_viewed`, ' \t\n\r\f\v') AS FLOAT64)) < CAST('inf' AS FLOAT64) THEN SAFE_CAST(TRIM(`in:pages_viewed`, ' \t\n\r\f\v') AS FLOAT64) END WHEN length(`odd:pages_viewed`) > 300 THEN NULL WHEN REGEXP_CONTAINS(`odd:pages_viewed`, '\\A(?:[+-]?(?:[1-9][0-9]{0,2}(?:[.][0-9]{3})+,[0-9]+|[1-9][0-9]{0,2}(?:[.][0-9]{3}){2,}|[1-9][0-9]{0,2}(?:[ \'’][0-9]{3})+,[0-9]+|[0-9]+,(?:[0-9]{1,2}|[0-9]{4,})|(?:0[0-9]*|[0-9]{4,}),[0-9]{3}))\\z') THEN SAFE_CAST(translate(`odd:pages_viewed`, ',. \'’', '.') AS FLOAT64) WHEN REGEXP_CONTAINS(`odd:pages_viewed`, '\\A(?:[+-]?(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+[.][0-9]+|[1-9][0-9]{0,2}(?:,[0-9]{3}){2,}|[1-9][0-9]{0,2}(?:[ \'’][0-9]{3})+[.][0-9]+|[1-9][0-9]{0,2}(?:[ \'’][0-9]{3})+))\\z') THEN SAFE_CAST(translate(`odd:pages_viewed`, ', \'’', '') AS FLOAT64) END AS `v:pages_viewed`,
    CASE WHEN `odd:pricing_visits` IS NULL THEN CASE WHEN ABS(SAFE_CAST(TRIM(`in:pricing_visits`, ' \t\n\r\f\v') AS FLOAT64)) < CAST('inf' AS FLOAT64) THEN SAFE_CAST(TRIM(`in:pricing_visits`, ' \t\n\r\f\v') AS FLOAT64) END WHEN length(`odd:pricing_visits`) > 300 THEN NULL WHEN REGEXP_CONTAINS(`odd:pricing_visits`, '\\A(?:[+-]?(?:[1-9][0-9]{0,2}(?:[.][0-9]{3})+,[0-9]+|[1-9][0-9]{0,2}(?:[.][0-9]{3}){2,}|[1-9][0-9]{0,2}(?:[ \'’][0-9]{3})+,[0-9]+|[0-9]+,(?:[0-9]{1,2}|[0-9]{4,})|(?:0[0-9]*|[0-9]{4,}),[0-9]{3}))\\z') THEN SAFE_CAST(translate(`odd:pricing_visits`, ',. \'’', '.') AS FLOAT64) WHEN REGEXP_CONTAINS(`odd:pricing_visits`, '\\A(?:[+-]?(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+[.][0-9]+|[1-9][0-9]{0,2}(?:,[0-9]{3}){2,}|[1-9][0-9]{0,2}(?:[ \'’][0-9]{3})+[.][0-9]+|[1-9][0-9]{0,2}(?:[ \'’][0-9]{3})+))\\z') THEN SAFE_CAST(translate(`odd:pricing_visits`, ', \'’', '') AS FLOAT64) END AS `v:pricing_visits`,
    CASE `in:demo_requested` WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE WHEN '1' THEN TRUE WHEN '0' THEN FALSE WHEN 'yes' THEN TRUE WHEN 'no' THEN FALSE WHEN 'on' THEN TRUE WHEN 'off' THEN FALSE WHEN 'y' THEN TRUE WHEN 'n' THEN FALSE WHEN 't' THEN TRUE WHEN 'f' THEN FALSE WHEN '1.0' THEN TRUE WHEN '0.0' THEN FALSE ELSE CASE TRANSLATE(TRIM(`in:demo_requested`, ' \t\n\r\f\v'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE WHEN '1' THEN TRUE WHEN '0' THEN FALSE WHEN 'yes' THEN TRUE WHEN 'no' THEN FALSE WHEN 'on' THEN TRUE WHEN 'off' THEN FALSE WHEN 'y' THEN TRUE WHEN 'n' THEN FALSE WHEN 't' THEN TRUE WHEN 'f' THEN FALSE WHEN '1.0' THEN TRUE WHEN '0.0' THEN FALSE END END AS `v:demo_requested`,
    CASE `in:newsletter` WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE WHEN '1' THEN TRUE WHEN '0' THEN FALSE WHEN 'yes' THEN TRUE WHEN 'no' THEN FALSE WHEN 'on' THEN TRUE WHEN 'off' THEN FALSE WHEN 'y' THEN TRUE WHEN 'n' THEN FALSE WHEN 't' THEN TRUE WHEN 'f' THEN FALSE WHEN '1.0' THEN TRUE WHEN '0.0' THEN FALSE ELSE CASE TRANSLATE(TRIM(`in:newsletter`, ' \t\n\r\f\v'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE WHEN '1' THEN TRUE WHEN '0' THEN FALSE WHEN 'yes' THEN TRUE WHEN 'no' THEN FALSE WHEN 'on' THEN TRUE WHEN 'off' THEN FALSE WHEN 'y' THEN TRUE WHEN 'n' THEN FALSE WHEN 't' THEN TRUE WHEN 'f' THEN FALSE WHEN '1.0' THEN TRUE WHEN '0.0' THEN FALSE END END AS `v:newsletter`,
    CASE `in:unsubscribed` WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE WHEN '1' THEN TRUE WHEN '0' THEN FALSE WHEN 'yes' THEN TRUE WHEN 'no' THEN FALSE WHEN 'on' THEN TRUE WHEN 'off' THEN FALSE WHEN 'y' THEN TRUE WHEN 'n' THEN FALSE WHEN 't' THEN TRUE WHEN 'f' THEN FALSE WHEN '1.0' THEN TRUE WHEN '0.0' THEN FALSE ELSE CASE TRANSLATE(TRIM(`in:unsubscribed`, ' \t\n\r\f\v'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE WHEN '1' THEN TRUE WHEN '0' THEN FALSE WHEN 'yes' THEN TRUE WHEN 'no' THEN FALSE WHEN 'on' THEN TRUE WHEN 'off' THEN FALSE WHEN 'y' THEN TRUE WHEN 'n' THEN FALSE WHEN 't' THEN TRUE WHEN 'f' THEN FALSE WHEN '1.0' THEN TRUE WHEN '0.0' THEN FALSE END END AS `v:unsubscribed`,
    CASE `in:competitor` WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE WHEN '1' THEN TRUE WHEN '0' THEN FALSE WHEN 'yes' THEN TRUE WHEN 'no' THEN FALSE WHEN 'on' THEN TRUE WHEN 'off' THEN FALSE WHEN 'y' THEN TRUE WHEN 'n' THEN FALSE WHEN 't' THEN TRUE WHEN 'f' THEN FALSE WHEN '1.0' THEN TRUE WHEN '0.0' THEN FALSE ELSE CASE TRANSLATE(TRIM(`in:competitor`, ' \t\n\r\f\v'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE WHEN '1' THEN TRUE WHEN '0' THEN FALSE WHEN 'yes' THEN TRUE WHEN 'no' THEN FALSE WHEN 'on' THEN TRUE WHEN 'off' THEN FALSE WHEN 'y' THEN TRUE WHEN 'n' THEN FALSE WHEN 't' THEN TRUE WHEN 'f' THEN FALSE WHEN '1.0' THEN TRUE WHEN '0.0' THEN FALSE END END AS `v:competitor`,
    CASE WHEN TRANSLATE(TRIM(`in:lead_status`, ' \t\n\r\f\v'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') NOT IN ('', 'n/a', 'select') THEN TRIM(`in:lead_status`, ' \t\n\r\f\v') END AS `v:lead_status`,
    CASE WHEN `odd:proposal_value` IS NULL THEN CASE WHEN ABS(SAFE_CAST(TRIM(`in:proposal_value`, ' \t\n\r\f\v') AS FLOAT64)) < CAST('inf' AS FLOAT64) THEN SAFE_CAST(TRIM(`in:proposal_value`, ' \t\n\r\f\v') AS FLOAT64) END WHEN length(`odd:proposal_value`) > 300 THEN NULL WHEN REGEXP_CONTAINS(`odd:proposal_value`, '\\A(?:[+-]?(?:[1-9][0-9]{0,2}(?:[.][0-9]{3})+,[0-9]+|[1-9][0-9]{0,2}(?:[.][0-9]{3}){2,}|[1-9][0-9]{0,2}(?:[ \'’][0-9]{3})+,[0-9]+|[0-9]+,(?:[0-9]{1,2}|[0-9]{4,})|(?:0[0-9]*|[0-9]{4,}),[0-9]{3}))\\z') THEN SAFE_CAST(translate(`odd:proposal_value`, ',. \'’', '.') AS FLOAT64) WHEN REGEXP_CONTAINS(`odd:proposal_value`, '\\A(?:[+-]?(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+[.][0-9]+|[1-9][0-9]{0,2}(?:,[0-9]{3}){2,}|[1-9][0-9]{0,2}(?:[ \'’][0-9]{3})+[.][0-9]+|[1-9][0-9]{0,2}(?:[ \'’][0-9]{3})+))\\z') THEN SAFE_CAST(translate(`odd:proposal_value`, ', \'’', '') AS FLOAT64) END AS `v:proposal_value`
  FROM trimmed
),
cleaned AS ( -- the fields, and whether a value is there that can't be read
  SELECT
    *,
    `v:lead_id` AS `f:lead_id`,
    `v:company` AS `f:company`,
    `v:stage` AS `f:stage`,
    `v:created` AS `f:created`,
    `v:country` AS `f:country`,
    `v:industry` AS `f:industry`,
    `v:employees` AS `f:employees`,
    `v:annual_revenue` AS `f:annual_revenue`,
    `v:job_title` AS `f:job_title`,
    `v:lead_source` AS `f:lead_source`,
    `v:need` AS `f:need`,
    `v:budget` AS `f:budget`,
    `v:decision_role` AS `f:decision_role`,
    `v:decision_date` AS `f:decision_date`,
    `v:supplier_status` AS `f:supplier_status`,
    `v:last_activity` AS `f:last_activity`,
    `v:pages_viewed` AS `f:pages_viewed`,
    `v:pricing_visits` AS `f:pricing_visits`,
    `v:demo_requested` AS `f:demo_requested`,
    `v:newsletter` AS `f:newsletter`,
    `v:unsubscribed` AS `f:unsubscribed`,
    `v:competitor` AS `f:competitor`,
    `v:lead_status` AS `f:lead_status`,
    `v:proposal_value` AS `f:proposal_value`,
    CASE WHEN `v:stage` IS NULL AND `in:stage` IS NOT NULL AND TRANSLATE(TRIM(`in:stage`, ' \t\n\r\f\v'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') NOT IN ('', 'n/a', 'select') THEN TRUE END AS `bad:stage`,
    CASE WHEN `v:created` IS NULL AND `in:created` IS NOT NULL AND TRANSLATE(TRIM(`in:created`, ' \t\n\r\f\v'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') NOT IN ('', 'n/a', 'select') THEN TRUE END AS `bad:created`,
    CASE WHEN `v:employees` IS NULL AND `in:employees` IS NOT NULL AND TRANSLATE(TRIM(`in:employees`, ' \t\n\r\f\v'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') NOT IN ('', 'n/a', 'select', 'nan') THEN TRUE END AS `bad:employees`,
    CASE WHEN `v:annual_revenue` IS NULL AND `in:annual_revenue` IS NOT NULL AND TRANSLATE(TRIM(`in:annual_revenue`, ' \t\n\r\f\v'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') NOT IN ('', 'n/a', 'select', 'nan') THEN TRUE END AS `bad:annual_revenue`,
    CASE WHEN `v:lead_source` IS NULL AND `in:lead_source` IS NOT NULL AND TRANSLATE(TRIM(`in:lead_source`, ' \t\n\r\f\v'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') NOT IN ('', 'n/a', 'select') THEN TRUE END AS `bad:lead_source`,
    CASE WHEN `v:need` IS NULL AND `in:need` IS NOT NULL AND TRANSLATE(TRIM(`in:need`, ' \t\n\r\f\v'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') NOT IN ('', 'n/a', 'select') THEN TRUE END AS `bad:need`,
    CASE WHEN `v:budget` IS NULL AND `in:budget` IS NOT NULL AND TRANSLATE(TRIM(`in:budget`, ' \t\n\r\f\v'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') NOT IN ('', 'n/a', 'select', 'nan') THEN TRUE END AS `bad:budget`,
    CASE WHEN `v:decision_role` IS NULL AND `in:decision_role` IS NOT NULL AND TRANSLATE(TRIM(`in:decision_role`, ' \t\n\r\f\v'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') NOT IN ('', 'n/a', 'select') THEN TRUE END AS `bad:decision_role`,
    CASE WHEN `v:decision_date` IS NULL AND `in:decision_date` IS NOT NULL AND TRANSLATE(TRIM(`in:decision_date`, ' \t\n\r\f\v'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') NOT IN ('', 'n/a', 'select') THEN TRUE END AS `bad:decision_date`,
    CASE WHEN `v:supplier_status` IS NULL AND `in:supplier_status` IS NOT NULL AND TRANSLATE(TRIM(`in:supplier_status`, ' \t\n\r\f\v'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') NOT IN ('', 'n/a', 'select') THEN TRUE END AS `bad:supplier_status`,
    CASE WHEN `v:last_activity` IS NULL AND `in:last_activity` IS NOT NULL AND TRANSLATE(TRIM(`in:last_activity`, ' \t\n\r\f\v'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') NOT IN ('', 'n/a', 'select') THEN TRUE END AS `bad:last_activity`,
    CASE WHEN `v:pages_viewed` IS NULL AND `in:pages_viewed` IS NOT NULL AND TRANSLATE(TRIM(`in:pages_viewed`, ' \t\n\r\f\v'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') NOT IN ('', 'n/a', 'select', 'nan') THEN TRUE END AS `bad:pages_viewed`,
    CASE WHEN `v:pricing_visits` IS NULL AND `in:pricing_visits` IS NOT NULL AND TRANSLATE(TRIM(`in:pricing_visits`, ' \t\n\r\f\v'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') NOT IN ('', 'n/a', 'select', 'nan') THEN TRUE END AS `bad:pricing_visits`,
    CASE WHEN `v:demo_requested` IS NULL AND `in:demo_requested` IS NOT NULL AND TRANSLATE(TRIM(`in:demo_requested`, ' \t\n\r\f\v'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') NOT IN ('', 'n/a', 'select') THEN TRUE END AS `bad:demo_requested`,
    CASE WHEN `v:newsletter` IS NULL AND `in:newsletter` IS NOT NULL AND TRANSLATE(TRIM(`in:newsletter`, ' \t\n\r\f\v'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') NOT IN ('', 'n/a', 'select') THEN TRUE END AS `bad:newsletter`,
    CASE WHEN `v:unsubscribed` IS NULL AND `in:unsubscribed` IS NOT NULL AND TRANSLATE(TRIM(`in:unsubscribed`, ' \t\n\r\f\v'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') NOT IN ('', 'n/a', 'select') THEN TRUE END AS `bad:unsubscribed`,
    CASE WHEN `v:competitor` IS NULL AND `in:competitor` IS NOT NULL AND TRANSLATE(TRIM(`in:competitor`, ' \t\n\r\f\v'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') NOT IN ('', 'n/a', 'select') THEN TRUE END AS `bad:competitor`,
    CASE WHEN `v:proposal_value` IS NULL AND `in:proposal_value` IS NOT NULL AND TRANSLATE(TRIM(`in:proposal_value`, ' \t\n\r\f\v'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') NOT IN ('', 'n/a', 'select', 'nan') THEN TRUE END AS `bad:proposal_value`
  FROM typed
),
judged AS ( -- whether a score would rest on a value that can't be read
  SELECT
    *,
    CASE WHEN `bad:stage` THEN TRUE WHEN `bad:created` THEN TRUE WHEN `bad:employees` THEN TRUE WHEN `bad:annual_revenue` THEN TRUE WHEN `bad:lead_source` THEN TRUE WHEN `bad:need` THEN TRUE WHEN `bad:budget` THEN TRUE WHEN `bad:decision_role` THEN TRUE WHEN `bad:decision_date` THEN TRUE WHEN `bad:supplier_status` THEN TRUE WHEN `bad:last_activity` THEN TRUE WHEN `bad:pages_viewed` THEN TRUE WHEN `bad:pricing_visits` THEN TRUE WHEN `bad:demo_requested` THEN TRUE WHEN `bad:newsletter` THEN TRUE WHEN `bad:unsubscribed` THEN TRUE WHEN `bad:competitor` THEN TRUE WHEN `bad:proposal_value` THEN TRUE ELSE FALSE END AS `ll:bad`
  FROM cleaned
),
folded AS ( -- texts that are searched, A to Z in lower case
  SELECT
    *,
    TRANSLATE(`f:job_title`, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') AS `a:job_title`
  FROM judged
),
derived_1 AS ( -- fields that are computed from others
  SELECT
    *,
    CAST(DATE_DIFF(DATE '2026-07-01', `f:last_activity`, DAY) AS FLOAT64) AS `f:days_silent`,
    CAST(DATE_DIFF(`f:decision_date`, DATE '2026-07-01', DAY) AS FLOAT64) AS `f:days_to_decision`,
    (STRPOS(`a:job_title`, 'chief') > 0) OR (STRPOS(`a:job_title`, 'director') > 0) OR (STARTS_WITH(`a:job_title`, 'head of')) OR (STARTS_WITH(`a:job_title`, 'ceo')) OR (STARTS_WITH(`a:job_title`, 'cfo')) OR (STARTS_WITH(`a:job_title`, 'cto')) OR (STARTS_WITH(`a:job_title`, 'vp')) OR (STARTS_WITH(`a:job_title`, 'vice president')) AS `f:senior_title`,
    (STRPOS(`a:job_title`, 'junior') > 0) OR (STRPOS(`a:job_title`, 'trainee') > 0) OR (STRPOS(`a:job_title`, 'assistant') > 0) AS `f:junior_title`
  FROM folded
),
prepared AS ( -- days, folded texts and bins that several steps ask
  SELECT
    *,
    CASE WHEN CAST(DATE_DIFF(DATE '2026-07-01', `f:last_activity`, DAY) AS FLOAT64) IS NOT NULL THEN CASE WHEN CAST(DATE_DIFF(DATE '2026-07-01', `f:last_activity`, DAY) AS FLOAT64) < 20.0e0 THEN CASE WHEN CAST(DATE_DIFF(DATE '2026-07-01', `f:last_activity`, DAY) AS FLOAT64) < 10.0e0 THEN CASE WHEN CAST(DATE_DIFF(DATE '2026-07-01', `f:last_activity`, DAY) AS FLOAT64) < 1.0e0 THEN 48 WHEN CAST(DATE_DIFF(DATE '2026-07-01', `f:last_activity`, DAY) AS FLOAT64) < 2.0e0 THEN 46 WHEN CAST(DATE_DIFF(DATE '2026-07-01', `f:last_activity`, DAY) AS FLOAT64) < 3.0e0 THEN 43 WHEN CAST(DATE_DIFF(DATE '2026-07-01', `f:last_activity`, DAY) AS FLOAT64) < 4.0e0 THEN 41 WHEN CAST(DATE_DIFF(DATE '2026-07-01', `f:last_activity`, DAY) AS FLOAT64) < 5.0e0 THEN 39 WHEN CAST(DATE_DIFF(DATE '2026-07-01', `f:last_activity`, DAY) AS FLOAT64) < 6.0e0 THEN 37 WHEN CAST(DATE_DIFF(DATE '2026-07-01', `f:last_activity`, DAY) AS FLOAT64) < 7.0e0 THEN 36 WHEN CAST(DATE_DIFF(DATE '2026-07-01', `f:last_activity`, DAY) AS FLOAT64) < 8.0e0 THEN 34 WHEN CAST(DATE_DIFF(DATE '2026-07-01', `f:last_activity`, DAY) AS FLOAT64) < 9.0e0 THEN 32 ELSE 31 END ELSE CASE WHEN CAST(DATE_DIFF(DATE '2026-07-01', `f:last_activity`, DAY) AS FLOAT64) < 11.0e0 THEN 29 WHEN CAST(DATE_DIFF(DATE '2026-07-01', `f:last_activity`, DAY) AS FLOAT64) < 12.0e0 THEN 28 WHEN CAST(DATE_DIFF(DATE '2026-07-01', `f:last_activity`, DAY) AS FLOAT64) < 13.0e0 THEN 26 WHEN CAST(DATE_DIFF(DATE '2026-07-01', `f:last_activity`, DAY) AS FLOAT64) < 14.0e0 THEN 25 WHEN CAST(DATE_DIFF(DATE '2026-07-01', `f:last_activity`, DAY) AS FLOAT64) < 15.0e0 THEN 24 WHEN CAST(DATE_DIFF(DATE '2026-07-01', `f:last_activity`, DAY) AS FLOAT64) < 16.0e0 THEN 23 WHEN CAST(DATE_DIFF(DATE '2026-07-01', `f:last_activity`, DAY) AS FLOAT64) < 17.0e0 THEN 22 WHEN CAST(DATE_DIFF(DATE '2026-07-01', `f:last_activity`, DAY) AS FLOAT64) < 18.0e0 THEN 21 WHEN CAST(DATE_DIFF(DATE '2026-07-01', `f:last_activity`, DAY) AS FLOAT64) < 19.0e0 THEN 20 ELSE 19 END END ELSE CASE WHEN CAST(DATE_DIFF(DATE '2026-07-01', `f:last_activity`, DAY) AS FLOAT64) < 35.0e0 THEN CASE WHEN CAST(DATE_DIFF(DATE '2026-07-01', `f:last_activity`, DAY) AS FLOAT64) < 21.0e0 THEN 18 WHEN CAST(DATE_DIFF(DATE '2026-07-01', `f:last_activity`, DAY) AS FLOAT64) < 22.0e0 THEN 17 WHEN CAST(DATE_DIFF(DATE '2026-07-01', `f:last_activity`, DAY) AS FLOAT64) < 23.0e0 THEN 16 WHEN CAST(DATE_DIFF(DATE '2026-07-01', `f:last_activity`, DAY) AS FLOAT64) < 25.0e0 THEN 15 WHEN CAST(DATE_DIFF(DATE '2026-07-01', `f:last_activity`, DAY) AS FLOAT64) < 26.0e0 THEN 14 WHEN CAST(DATE_DIFF(DATE '2026-07-01', `f:last_activity`, DAY) AS FLOAT64) < 28.0e0 THEN 13 WHEN CAST(DATE_DIFF(DATE '2026-07-01', `f:last_activity`, DAY) AS FLOAT64) < 29.0e0 THEN 12 WHEN CAST(DATE_DIFF(DATE '2026-07-01', `f:last_activity`, DAY) AS FLOAT64) < 31.0e0 THEN 11 WHEN CAST(DATE_DIFF(DATE '2026-07-01', `f:last_activity`, DAY) AS FLOAT64) < 33.0e0 THEN 10 ELSE 9 END ELSE CASE WHEN CAST(DATE_DIFF(DATE '2026-07-01', `f:last_activity`, DAY) AS FLOAT64) < 38.0e0 THEN 8 WHEN CAST(DATE_DIFF(DATE '2026-07-01', `f:last_activity`, DAY) AS FLOAT64) < 41.0e0 THEN 7 WHEN CAST(DATE_DIFF(DATE '2026-07-01', `f:last_activity`, DAY) AS FLOAT64) < 44.0e0 THEN 6 WHEN CAST(DATE_DIFF(DATE '2026-07-01', `f:last_activity`, DAY) AS FLOAT64) < 48.0e0 THEN 5 WHEN CAST(DATE_DIFF(DATE '2026-07-01', `f:last_activity`, DAY) AS FLOAT64) < 53.0e0 THEN 4 WHEN CAST(DATE_DIFF(DATE '2026-07-01', `f:last_activity`, DAY) AS FLOAT64) < 60.0e0 THEN 3 WHEN CAST(DATE_DIFF(DATE '2026-07-01', `f:last_activity`, DAY) AS FLOAT64) < 71.0e0 THEN 2 WHEN CAST(DATE_DIFF(DATE '2026-07-01', `f:last_activity`, DAY) AS FLOAT64) < 93.0e0 THEN 1 ELSE 0 END END END END AS `w:recent_activity`,
    CASE WHEN `f:budget` IS NULL THEN 0 ELSE CASE WHEN `f:budget` < 10000.0e0 THEN 1 ELSE 2 END END AS `b:budget:0`,
    CASE WHEN `f:need` IS NULL THEN 0 ELSE CASE `f:need` WHEN 'clear' THEN 1 WHEN 'urgent' THEN 2 ELSE 3 END END AS `b:need:0`,
    CASE WHEN `f:employees` IS NULL THEN 0 ELSE CASE WHEN `f:employees` < 50.0e0 THEN 1 WHEN `f:employees` < 250.0e0 THEN 2 ELSE 3 END END AS `b:employees:0`,
    CASE WHEN `f:country` IS NULL THEN 0 ELSE CASE `f:country` WHEN 'NO' THEN 1 WHEN 'SE' THEN 2 WHEN 'DK' THEN 3 ELSE 4 END END AS `b:country:0`,
    CASE `f:demo_requested` WHEN FALSE THEN 1 WHEN TRUE THEN 2 ELSE 0 END AS `b:demo_requested:0`
  FROM derived_1
),
priced AS ( -- what each rule and each table earns, in tenths
  SELECT
    *,
    CASE (`f:need` = 'urgent') WHEN TRUE THEN 60 WHEN FALSE THEN 0 END AS `r:urgent_need`,
    CASE (`f:need` = 'clear') WHEN TRUE THEN 24 WHEN FALSE THEN 0 END AS `r:clear_need`,
    CASE (`f:need` = 'vague') WHEN TRUE THEN -24 WHEN FALSE THEN 0 END AS `r:vague_need`,
    CASE (`f:need` = 'none') WHEN TRUE THEN -80 WHEN FALSE THEN 0 END AS `r:no_need`,
    CASE (`f:budget` >= 10000.0e0) WHEN TRUE THEN 24 WHEN FALSE THEN 0 END AS `r:budget_set`,
    CASE (`f:budget` < 5000.0e0) WHEN TRUE THEN -48 WHEN FALSE THEN 0 END AS `r:small_budget`,
    CASE (`f:decision_role` = 'decider') WHEN TRUE THEN 32 WHEN FALSE THEN 0 END AS `r:decider`,
    CASE (`f:decision_role` = 'user') WHEN TRUE THEN -32 WHEN FALSE THEN 0 END AS `r:only_user`,
    CASE (`f:senior_title`) WHEN TRUE THEN 16 WHEN FALSE THEN 0 END AS `r:senior_title`,
    CASE (`f:junior_title`) WHEN TRUE THEN -28 WHEN FALSE THEN 0 END AS `r:junior_title`,
    CASE (`f:supplier_status` = 'dismissed') WHEN TRUE THEN 56 WHEN FALSE THEN 0 END AS `r:supplier_dismissed`,
    CASE (`f:supplier_status` = 'reviewing') WHEN TRUE THEN 16 WHEN FALSE THEN 0 END AS `r:supplier_reviewed`,
    CASE (`f:supplier_status` = 'has_supplier') WHEN TRUE THEN -40 WHEN FALSE THEN 0 END AS `r:supplier_kept`,
    CASE ((`f:days_to_decision` >= 0.0e0) AND (`f:days_to_decision` <= 60.0e0)) WHEN TRUE THEN 32 WHEN FALSE THEN 0 END AS `r:decides_soon`,
    CASE (`f:days_to_decision` > 180.0e0) WHEN TRUE THEN -32 WHEN FALSE THEN 0 END AS `r:decides_late`,
    CASE (`f:lead_source` IN ('referral', 'partner')) WHEN TRUE THEN 24 WHEN FALSE THEN 0 END AS `r:referred`,
    CASE (`f:lead_source` = 'bought_list') WHEN TRUE THEN -48 WHEN FALSE THEN 0 END AS `r:bought_list`,
    CASE (`f:days_silent` <= 90.0e0) WHEN TRUE THEN `w:recent_activity` WHEN FALSE THEN 0 END AS `r:recent_activity`,
    CASE (`f:pricing_visits` >= 1.0e0) WHEN TRUE THEN 24 WHEN FALSE THEN 0 END AS `r:price_page`,
    CASE (`f:demo_requested`) WHEN TRUE THEN 40 WHEN FALSE THEN 0 END AS `r:demo_requested`,
    CASE (`f:newsletter`) WHEN TRUE THEN 24 WHEN FALSE THEN 0 END AS `r:newsletter`,
    CASE (`f:days_silent` > 60.0e0) WHEN TRUE THEN -40 WHEN FALSE THEN 0 END AS `r:long_silence`,
    CASE (`f:employees` < 10.0e0) WHEN TRUE THEN -40 WHEN FALSE THEN 0 END AS `r:tiny`,
    CASE (`f:employees` >= 50.0e0) WHEN TRUE THEN 20 WHEN FALSE THEN 0 END AS `r:right_size`,
    CASE (`f:employees` >= 1000.0e0) WHEN TRUE THEN 48 WHEN FALSE THEN 0 END AS `r:enterprise`,
    CASE WHEN `f:employees` IS NULL THEN -4 ELSE CASE WHEN `f:employees` < 10.0e0 THEN -31 WHEN `f:employees` < 50.0e0 THEN 2 WHEN `f:employees` < 250.0e0 THEN 24 ELSE 11 END END AS `t:employees`,
    CASE WHEN `f:lead_source` IS NULL THEN 0 ELSE CASE `f:lead_source` WHEN 'referral' THEN 38 WHEN 'web' THEN -6 ELSE -12 END END AS `t:lead_source`,
    CASE `f:demo_requested` WHEN FALSE THEN -9 WHEN TRUE THEN 42 ELSE -3 END AS `t:demo_requested`,
    [0, 3, 4, -2, -5, -1, 0, 1, 2, 5, 18, -7][OFFSET(`b:budget:0` * 4 + `b:need:0`)] AS `t:budget & need`,
    CASE WHEN `b:need:0` BETWEEN 1 AND 2 THEN CASE WHEN `b:employees:0` < 2 THEN -6 ELSE CASE WHEN `b:country:0` IN (1, 3) THEN 17 ELSE 3 END END ELSE -2 END + CASE WHEN `b:demo_requested:0` = 2 THEN CASE WHEN `b:country:0` IN (0, 2) THEN 9 ELSE -4 END ELSE 0 END AS `t:employees & need & country & demo_requested`,
    (`f:need` IN ('clear', 'urgent')) AS `c:need`,
    (`f:budget` >= 10000.0e0) AS `c:budget`,
    ((`f:days_to_decision` >= 0.0e0) AND (`f:days_to_decision` <= 180.0e0)) AS `c:timing`,
    (`f:decision_role` IN ('decider', 'influencer')) AS `c:authority`,
    (`f:unsubscribed`) AS `x:asked_to_stop`,
    (`f:competitor`) AS `x:competitor`,
    (STRPOS(`a:job_title`, 'student') > 0) AS `x:student`
  FROM prepared
),
grouped AS ( -- what groups of rules are worth together
  SELECT
    *,
    coalesce(`r:recent_activity`, 0) + coalesce(`r:price_page`, 0) + coalesce(`r:demo_requested`, 0) + coalesce(`r:newsletter`, 0) + coalesce(`r:long_silence`, 0) AS `s:engagement`,
    coalesce(`r:recent_activity`, 0) + coalesce(`r:price_page`, 0) + coalesce(`r:demo_requested`, 0) + coalesce(`r:newsletter`, 0) + coalesce(`r:long_silence`, 0) AS `l:engagement`,
    coalesce(`r:recent_activity`, 0) + coalesce(`r:price_page`, 0) + coalesce(`r:demo_requested`, 0) + coalesce(`r:newsletter`, 0) + coalesce(`r:long_silence`, 0) AS `h:engagement`,
    coalesce(`r:right_size`, 0) + coalesce(`r:enterprise`, 0) AS `s:size`,
    nullif(greatest(coalesce(nullif(`r:right_size`, 0), -9999999999), coalesce(nullif(`r:enterprise`, 0), -9999999999)), -9999999999) AS `m:size`,
    coalesce(nullif(greatest(coalesce(nullif(`r:right_size`, 0), -9999999999), coalesce(nullif(`r:enterprise`, 0), -9999999999)), -9999999999), least(0, CASE WHEN `r:right_size` IS NULL AND (`f:employees` IS NULL) THEN 0 ELSE 0 END, CASE WHEN `r:enterprise` IS NULL AND (`f:employees` IS NULL) THEN 0 ELSE 0 END)) AS `l:size`,
    nullif(greatest(coalesce(coalesce(nullif(greatest(coalesce(nullif(`r:right_size`, 0), -9999999999), coalesce(nullif(`r:enterprise`, 0), -9999999999)), -9999999999), 0), -9999999999), coalesce(CASE WHEN `r:right_size` IS NULL AND (`f:employees` IS NULL) THEN 20 END, -9999999999), coalesce(CASE WHEN `r:enterprise` IS NULL AND (`f:employees` IS NULL) THEN 48 END, -9999999999)), -9999999999) AS `h:size`
  FROM priced
),
capped AS ( -- what their limits leave, less the plain sum
  SELECT
    *,
    greatest(least(`s:engagement`, 80), -60) - `s:engagement` AS `g:engagement`,
    coalesce(`m:size`, 0) - `s:size` AS `g:size`
  FROM grouped
),
summed AS ( -- the total
  SELECT
    *,
    437 + coalesce(`r:urgent_need`, 0) + coalesce(`r:clear_need`, 0) + coalesce(`r:vague_need`, 0) + coalesce(`r:no_need`, 0) + coalesce(`r:budget_set`, 0) + coalesce(`r:small_budget`, 0) + coalesce(`r:decider`, 0) + coalesce(`r:only_user`, 0) + coalesce(`r:senior_title`, 0) + coalesce(`r:junior_title`, 0) + coalesce(`r:supplier_dismissed`, 0) + coalesce(`r:supplier_reviewed`, 0) + coalesce(`r:supplier_kept`, 0) + coalesce(`r:decides_soon`, 0) + coalesce(`r:decides_late`, 0) + coalesce(`r:referred`, 0) + coalesce(`r:bought_list`, 0) + coalesce(`r:recent_activity`, 0) + coalesce(`r:price_page`, 0) + coalesce(`r:demo_requested`, 0) + coalesce(`r:newsletter`, 0) + coalesce(`r:long_silence`, 0) + coalesce(`r:tiny`, 0) + coalesce(`r:right_size`, 0) + coalesce(`r:enterprise`, 0) + `g:engagement` + `g:size` + `t:employees` + `t:lead_source` + `t:demo_requested` + `t:budget & need` + `t:employees & need & country & demo_requested` AS `ll:total`
  FROM capped
),
ranged AS ( -- what answers to questions could still make of it
  SELECT
    *,
    `ll:total` + CASE WHEN `f:employees` IS NULL THEN -67 ELSE 0 END + CASE WHEN `f:need` IS NULL THEN -80 ELSE 0 END + CASE WHEN `f:budget` IS NULL THEN -48 ELSE 0 END + CASE WHEN `f:decision_role` IS NULL THEN -32 ELSE 0 END + CASE WHEN `f:supplier_status` IS NULL THEN -40 ELSE 0 END + CASE WHEN `r:decides_late` IS NULL AND (`f:decision_date` IS NULL) THEN -32 ELSE 0 END + `l:size` - (coalesce(`m:size`, 0)) + CASE WHEN `f:budget` IS NULL AND `f:need` IS NULL THEN -7 - `t:budget & need` WHEN `f:budget` IS NULL THEN [-5, -1, 0, -7][OFFSET(`b:need:0`)] - `t:budget & need` WHEN `f:need` IS NULL THEN [-2, -5, -7][OFFSET(`b:budget:0`)] - `t:budget & need` ELSE 0 END + CASE WHEN `f:employees` IS NULL OR `f:need` IS NULL THEN -6 - (CASE WHEN `b:need:0` BETWEEN 1 AND 2 THEN CASE WHEN `b:employees:0` < 2 THEN -6 ELSE CASE WHEN `b:country:0` IN (1, 3) THEN 17 ELSE 3 END END ELSE -2 END) ELSE 0 END AS `ll:low`,
    `ll:total` + CASE WHEN `f:employees` IS NULL THEN 28 ELSE 0 END + CASE WHEN `f:need` IS NULL THEN 60 ELSE 0 END + CASE WHEN `f:budget` IS NULL THEN 24 ELSE 0 END + CASE WHEN `f:decision_role` IS NULL THEN 32 ELSE 0 END + CASE WHEN `f:supplier_status` IS NULL THEN 56 ELSE 0 END + CASE WHEN `r:decides_soon` IS NULL AND (`f:decision_date` IS NULL) THEN 32 ELSE 0 END + `h:size` - (coalesce(`m:size`, 0)) + CASE WHEN `f:budget` IS NULL AND `f:need` IS NULL THEN 18 - `t:budget & need` WHEN `f:budget` IS NULL THEN [2, 5, 18, 1][OFFSET(`b:need:0`)] - `t:budget & need` WHEN `f:need` IS NULL THEN [4, 1, 18][OFFSET(`b:budget:0`)] - `t:budget & need` ELSE 0 END + CASE WHEN `f:employees` IS NULL OR `f:need` IS NULL THEN 17 - (CASE WHEN `b:need:0` BETWEEN 1 AND 2 THEN CASE WHEN `b:employees:0` < 2 THEN -6 ELSE CASE WHEN `b:country:0` IN (1, 3) THEN 17 ELSE 3 END END ELSE -2 END) ELSE 0 END AS `ll:high`
  FROM summed
),
placed AS ( -- where the lead stands, and whether it is excluded
  SELECT
    *,
    CASE WHEN `f:stage` IN ('contact', 'lead', 'opportunity', 'customer') THEN `f:stage` ELSE 'lead' END AS `ll:stands`,
    coalesce(`x:asked_to_stop`, FALSE) OR coalesce(`x:competitor`, FALSE) OR coalesce(`x:student`, FALSE) AS `ll:out`
  FROM ranged
)
SELECT
  `lead_id`,
  CASE WHEN NOT `ll:bad` THEN DIV(least(greatest(`ll:total`, 0), 1000) + 5, 10) END AS `score`,
  CASE WHEN NOT `ll:bad` THEN `ll:total` / 10.0e0 END AS `points`,
  CASE WHEN NOT `ll:bad` THEN CASE WHEN (ln(0.09e0 / 0.91e0) + (`ll:total` - 500) / 100.0e0 * ln(2.0e0)) >= 0 THEN 1 / (1 + EXP(LEAST(-(ln(0.09e0 / 0.91e0) + (`ll:total` - 500) / 100.0e0 * ln(2.0e0)), 0.0))) ELSE EXP(LEAST((ln(0.09e0 / 0.91e0) + (`ll:total` - 500) / 100.0e0 * ln(2.0e0)), 0.0)) / (1 + EXP(LEAST((ln(0.09e0 / 0.91e0) + (`ll:total` - 500) / 100.0e0 * ln(2.0e0)), 0.0))) END END AS `probability`,
  CASE WHEN NOT `ll:bad` THEN CASE WHEN `ll:total` >= 700 THEN 'A' WHEN `ll:total` >= 550 THEN 'B' WHEN `ll:total` >= 400 THEN 'C' ELSE 'D' END END AS `grade`,
  CASE WHEN NOT `ll:bad` THEN CASE WHEN `ll:out` THEN 'disqualify' WHEN `ll:stands` = 'contact' THEN CASE WHEN `c:need` = FALSE OR `c:budget` = FALSE THEN 'nurture' WHEN `c:need` IS NULL OR `c:budget` IS NULL THEN 'ask' ELSE 'promote' END WHEN `ll:stands` = 'lead' THEN CASE WHEN `c:need` = FALSE OR `c:budget` = FALSE OR `c:timing` = FALSE THEN 'nurture' WHEN `ll:total` < 900 AND `ll:high` >= 900 THEN 'ask' WHEN `ll:total` < 900 THEN 'nurture' WHEN `c:need` IS NULL OR `c:budget` IS NULL OR `c:timing` IS NULL THEN 'ask' ELSE 'promote' END ELSE 'keep' END END AS `recommendation`,
  CASE WHEN NOT `ll:bad` THEN floor(sqrt(25.0e0 + CASE WHEN `f:employees` IS NULL THEN 81.0e0 ELSE CASE WHEN `f:employees` < 10.0e0 THEN 36.0e0 WHEN `f:employees` < 50.0e0 THEN 16.0e0 WHEN `f:employees` < 250.0e0 THEN 49.0e0 ELSE 225.0e0 END END + [144.0e0, 64.0e0, 81.0e0, 81.0e0, 36.0e0, 16.0e0, 49.0e0, 25.0e0, 36.0e0, 9.0e0, 16.0e0, 16.0e0][OFFSET(`b:budget:0` * 4 + `b:need:0`)]) + 0.5e0) / 10.0e0 END AS `plus_minus`
FROM placed;
