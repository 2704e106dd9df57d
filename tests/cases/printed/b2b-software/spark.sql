-- b2b-software example
WITH taken AS ( -- texts in no collation, and columns whose type is not known as texts
  SELECT
    `lead_id`, `stage`, `created`, `country`, `employees`, `annual_revenue`, `job_title`, `lead_source`,
    `need`, `budget`, `decision_role`, `decision_date`, `supplier_status`, `last_activity`, `pages_viewed`,
    `pricing_visits`, `demo_requested`, `newsletter`, `unsubscribed`, `competitor`, `proposal_value`,
    CAST(`stage` AS STRING) AS `in:stage`,
    CASE WHEN typeof(`created`) = 'timestamp' OR typeof(`created`) LIKE 'timestamp_ltz%' THEN get_json_object(to_json(named_struct('at', `created`), map('timeZone', 'UTC')), '$.at') ELSE CAST(`created` AS STRING) END AS `in:created`,
    CAST(`country` AS STRING) AS `in:country`,
    CAST(`employees` AS STRING) AS `in:employees`,
    CAST(`annual_revenue` AS STRING) AS `in:annual_revenue`,
    CAST(`job_title` AS STRING) AS `in:job_title`,
    CAST(`lead_source` AS STRING) AS `in:lead_source`,
    CAST(`need` AS STRING) AS `in:need`,
    CAST(`budget` AS STRING) AS `in:budget`,
    CAST(`decision_role` AS STRING) AS `in:decision_role`,
    CASE WHEN typeof(`decision_date`) = 'timestamp' OR typeof(`decision_date`) LIKE 'timestamp_ltz%' THEN get_json_object(to_json(named_struct('at', `decision_date`), map('timeZone', 'UTC')), '$.at') ELSE CAST(`decision_date` AS STRING) END AS `in:decision_date`,
    CAST(`supplier_status` AS STRING) AS `in:supplier_status`,
    CASE WHEN typeof(`last_activity`) = 'timestamp' OR typeof(`last_activity`) LIKE 'timestamp_ltz%' THEN get_json_object(to_json(named_struct('at', `last_activity`), map('timeZone', 'UTC')), '$.at') ELSE CAST(`last_activity` AS STRING) END AS `in:last_activity`,
    CAST(`pages_viewed` AS STRING) AS `in:pages_viewed`,
    CAST(`pricing_visits` AS STRING) AS `in:pricing_visits`,
    CAST(`demo_requested` AS STRING) AS `in:demo_requested`,
    CAST(`newsletter` AS STRING) AS `in:newsletter`,
    CAST(`unsubscribed` AS STRING) AS `in:unsubscribed`,
    CAST(`competitor` AS STRING) AS `in:competitor`,
    CAST(`proposal_value` AS STRING) AS `in:proposal_value`
  FROM leads
),
trimmed AS ( -- texts of days, choices, and numbers that aren't written plainly, without white space at the ends
  SELECT
    `lead_id`, `in:stage`, `in:created`, `in:country`, `in:employees`, `in:annual_revenue`, `in:job_title`,
    `in:lead_source`, `in:need`, `in:budget`, `in:decision_role`, `in:decision_date`, `in:supplier_status`,
    `in:last_activity`, `in:pages_viewed`, `in:pricing_visits`, `in:demo_requested`, `in:newsletter`,
    `in:unsubscribed`, `in:competitor`, `in:proposal_value`,
    CASE WHEN length(`in:created`) = 10 THEN `in:created` ELSE CASE WHEN `in:created` >= '!' AND substr(`in:created`, -1) >= '!' THEN `in:created` ELSE btrim(`in:created`, (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))) END END AS `raw:created`,
    CASE WHEN length(`in:decision_date`) = 10 THEN `in:decision_date` ELSE CASE WHEN `in:decision_date` >= '!' AND substr(`in:decision_date`, -1) >= '!' THEN `in:decision_date` ELSE btrim(`in:decision_date`, (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))) END END AS `raw:decision_date`,
    CASE WHEN length(`in:last_activity`) = 10 THEN `in:last_activity` ELSE CASE WHEN `in:last_activity` >= '!' AND substr(`in:last_activity`, -1) >= '!' THEN `in:last_activity` ELSE btrim(`in:last_activity`, (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))) END END AS `raw:last_activity`,
    CASE WHEN NOT (`in:employees` rlike ('(?s)^(?:[ ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11) || ']*(?:[+-]?(?:(?:[0-9]+[.]?|[0-9]*[.](?:[0-9]{1,2}|[0-9]{4,})|(?:0[0-9]*|[0-9]{4,})?[.][0-9]{3})|(?:[0-9]+[.]?[0-9]*|[.][0-9]+)[eE][+-]?[0-9]+))[ ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11) || ']*)(?!.)')) THEN CASE WHEN `in:employees` >= '!' AND substr(`in:employees`, -1) >= '!' AND octet_length(`in:employees`) = length(`in:employees`) THEN lower(`in:employees`) ELSE translate(btrim(`in:employees`, (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') END END AS `odd:employees`,
    CASE WHEN NOT (`in:annual_revenue` rlike ('(?s)^(?:[ ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11) || ']*(?:[+-]?(?:(?:[0-9]+[.]?|[0-9]*[.](?:[0-9]{1,2}|[0-9]{4,})|(?:0[0-9]*|[0-9]{4,})?[.][0-9]{3})|(?:[0-9]+[.]?[0-9]*|[.][0-9]+)[eE][+-]?[0-9]+))[ ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11) || ']*)(?!.)')) THEN CASE WHEN `in:annual_revenue` >= '!' AND substr(`in:annual_revenue`, -1) >= '!' AND octet_length(`in:annual_revenue`) = length(`in:annual_revenue`) THEN lower(`in:annual_revenue`) ELSE translate(btrim(`in:annual_revenue`, (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') END END AS `odd:annual_revenue`,
    CASE WHEN NOT (`in:budget` rlike ('(?s)^(?:[ ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11) || ']*(?:[+-]?(?:(?:[0-9]+[.]?|[0-9]*[.](?:[0-9]{1,2}|[0-9]{4,})|(?:0[0-9]*|[0-9]{4,})?[.][0-9]{3})|(?:[0-9]+[.]?[0-9]*|[.][0-9]+)[eE][+-]?[0-9]+))[ ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11) || ']*)(?!.)')) THEN CASE WHEN `in:budget` >= '!' AND substr(`in:budget`, -1) >= '!' AND octet_length(`in:budget`) = length(`in:budget`) THEN lower(`in:budget`) ELSE translate(btrim(`in:budget`, (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') END END AS `odd:budget`,
    CASE WHEN NOT (`in:pages_viewed` rlike ('(?s)^(?:[ ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11) || ']*(?:[+-]?(?:(?:[0-9]+[.]?|[0-9]*[.](?:[0-9]{1,2}|[0-9]{4,})|(?:0[0-9]*|[0-9]{4,})?[.][0-9]{3})|(?:[0-9]+[.]?[0-9]*|[.][0-9]+)[eE][+-]?[0-9]+))[ ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11) || ']*)(?!.)')) THEN CASE WHEN `in:pages_viewed` >= '!' AND substr(`in:pages_viewed`, -1) >= '!' AND octet_length(`in:pages_viewed`) = length(`in:pages_viewed`) THEN lower(`in:pages_viewed`) ELSE translate(btrim(`in:pages_viewed`, (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') END END AS `odd:pages_viewed`,
    CASE WHEN NOT (`in:pricing_visits` rlike ('(?s)^(?:[ ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11) || ']*(?:[+-]?(?:(?:[0-9]+[.]?|[0-9]*[.](?:[0-9]{1,2}|[0-9]{4,})|(?:0[0-9]*|[0-9]{4,})?[.][0-9]{3})|(?:[0-9]+[.]?[0-9]*|[.][0-9]+)[eE][+-]?[0-9]+))[ ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11) || ']*)(?!.)')) THEN CASE WHEN `in:pricing_visits` >= '!' AND substr(`in:pricing_visits`, -1) >= '!' AND octet_length(`in:pricing_visits`) = length(`in:pricing_visits`) THEN lower(`in:pricing_visits`) ELSE translate(btrim(`in:pricing_visits`, (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') END END AS `odd:pricing_visits`,
    CASE WHEN NOT (`in:proposal_value` rlike ('(?s)^(?:[ ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11) || ']*(?:[+-]?(?:(?:[0-9]+[.]?|[0-9]*[.](?:[0-9]{1,2}|[0-9]{4,})|(?:0[0-9]*|[0-9]{4,})?[.][0-9]{3})|(?:[0-9]+[.]?[0-9]*|[.][0-9]+)[eE][+-]?[0-9]+))[ ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11) || ']*)(?!.)')) THEN CASE WHEN `in:proposal_value` >= '!' AND substr(`in:proposal_value`, -1) >= '!' AND octet_length(`in:proposal_value`) = length(`in:proposal_value`) THEN lower(`in:proposal_value`) ELSE translate(btrim(`in:proposal_value`, (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') END END AS `odd:proposal_value`
  FROM taken
),
tidied AS ( -- flags and texts, without white space at the ends and in lower case
  SELECT
    `lead_id`, `in:stage`, `in:created`, `in:country`, `in:employees`, `in:annual_revenue`, `in:job_title`,
    `in:lead_source`, `in:need`, `in:budget`, `in:decision_role`, `in:decision_date`, `in:supplier_status`,
    `in:last_activity`, `in:pages_viewed`, `in:pricing_visits`, `in:demo_requested`, `in:newsletter`,
    `in:unsubscribed`, `in:competitor`, `in:proposal_value`, `raw:created`, `raw:decision_date`,
    `raw:last_activity`, `odd:employees`, `odd:annual_revenue`, `odd:budget`, `odd:pages_viewed`,
    `odd:pricing_visits`, `odd:proposal_value`,
    CASE WHEN `in:stage` >= '!' AND substr(`in:stage`, -1) >= '!' AND octet_length(`in:stage`) = length(`in:stage`) THEN lower(`in:stage`) ELSE translate(btrim(`in:stage`, (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') END AS `raw:stage`,
    CASE WHEN `in:country` >= '!' AND substr(`in:country`, -1) >= '!' AND octet_length(`in:country`) = length(`in:country`) THEN lower(`in:country`) ELSE translate(btrim(`in:country`, (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') END AS `raw:country`,
    CASE WHEN `in:job_title` >= '!' AND substr(`in:job_title`, -1) >= '!' AND octet_length(`in:job_title`) = length(`in:job_title`) THEN lower(`in:job_title`) ELSE translate(btrim(`in:job_title`, (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') END AS `raw:job_title`,
    CASE WHEN `in:lead_source` >= '!' AND substr(`in:lead_source`, -1) >= '!' AND octet_length(`in:lead_source`) = length(`in:lead_source`) THEN lower(`in:lead_source`) ELSE translate(btrim(`in:lead_source`, (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') END AS `raw:lead_source`,
    CASE WHEN `in:need` >= '!' AND substr(`in:need`, -1) >= '!' AND octet_length(`in:need`) = length(`in:need`) THEN lower(`in:need`) ELSE translate(btrim(`in:need`, (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') END AS `raw:need`,
    CASE WHEN `in:decision_role` >= '!' AND substr(`in:decision_role`, -1) >= '!' AND octet_length(`in:decision_role`) = length(`in:decision_role`) THEN lower(`in:decision_role`) ELSE translate(btrim(`in:decision_role`, (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') END AS `raw:decision_role`,
    CASE WHEN `in:supplier_status` >= '!' AND substr(`in:supplier_status`, -1) >= '!' AND octet_length(`in:supplier_status`) = length(`in:supplier_status`) THEN lower(`in:supplier_status`) ELSE translate(btrim(`in:supplier_status`, (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') END AS `raw:supplier_status`,
    CASE WHEN `in:demo_requested` >= '!' AND substr(`in:demo_requested`, -1) >= '!' AND octet_length(`in:demo_requested`) = length(`in:demo_requested`) THEN lower(`in:demo_requested`) ELSE translate(btrim(`in:demo_requested`, (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') END AS `raw:demo_requested`,
    CASE WHEN `in:newsletter` >= '!' AND substr(`in:newsletter`, -1) >= '!' AND octet_length(`in:newsletter`) = length(`in:newsletter`) THEN lower(`in:newsletter`) ELSE translate(btrim(`in:newsletter`, (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') END AS `raw:newsletter`,
    CASE WHEN `in:unsubscribed` >= '!' AND substr(`in:unsubscribed`, -1) >= '!' AND octet_length(`in:unsubscribed`) = length(`in:unsubscribed`) THEN lower(`in:unsubscribed`) ELSE translate(btrim(`in:unsubscribed`, (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') END AS `raw:unsubscribed`,
    CASE WHEN `in:competitor` >= '!' AND substr(`in:competitor`, -1) >= '!' AND octet_length(`in:competitor`) = length(`in:competitor`) THEN lower(`in:competitor`) ELSE translate(btrim(`in:competitor`, (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') END AS `raw:competitor`
  FROM trimmed
),
typed AS ( -- each value in the kind of its field, or NULL
  SELECT
    `lead_id`, `in:stage`, `in:created`, `in:country`, `in:employees`, `in:annual_revenue`, `in:job_title`,
    `in:lead_source`, `in:need`, `in:budget`, `in:decision_role`, `in:decision_date`, `in:supplier_status`,
    `in:last_activity`, `in:pages_viewed`, `in:pricing_visits`, `in:demo_requested`, `in:newsletter`,
    `in:unsubscribed`, `in:competitor`, `in:proposal_value`, `raw:created`, `raw:decision_date`,
    `raw:last_activity`, `odd:employees`, `odd:annual_revenue`, `odd:budget`, `odd:pages_viewed`,
    `odd:pricing_visits`, `odd:proposal_value`, `raw:stage`, `raw:country`, `raw:job_title`,
    `raw:lead_source`, `raw:need`, `raw:decision_role`, `raw:supplier_status`, `raw:demo_requested`,
    `raw:newsletter`, `raw:unsubscribed`, `raw:competitor`,
    CASE `raw:stage` WHEN 'contact' THEN 'contact' WHEN 'lead' THEN 'lead' WHEN 'opportunity' THEN 'opportunity' WHEN 'customer' THEN 'customer' END AS `v:stage`,
    CASE WHEN octet_length(`raw:created`) = 10 AND CAST(try_cast(`raw:created` AS DATE) AS STRING) = `raw:created` THEN CASE WHEN try_cast(`raw:created` AS DATE) BETWEEN DATE '0001-01-01' AND DATE '9999-12-31' THEN try_cast(`raw:created` AS DATE) END WHEN `raw:created` rlike '(?s)^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:[.][0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)(?!.)' AND try_cast(substr(`raw:created`, 1, 10) AS DATE) BETWEEN DATE '0001-01-01' AND DATE '9999-12-31' AND date_add(try_cast(substr(`raw:created`, 1, 10) AS DATE), CAST(floor((coalesce(try_cast(regexp_extract(`raw:created`, '(?s)^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:[.][0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)(?!.)', 2) AS INT), 0) * 60 + coalesce(try_cast(regexp_extract(`raw:created`, '(?s)^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:[.][0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)(?!.)', 3) AS INT), 0) + CASE regexp_extract(`raw:created`, '(?s)^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:[.][0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)(?!.)', 4) WHEN '-' THEN 1 WHEN '+' THEN -1 ELSE 0 END * (coalesce(try_cast(regexp_extract(`raw:created`, '(?s)^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:[.][0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)(?!.)', 5) AS INT), 0) * 60 + coalesce(try_cast(regexp_extract(`raw:created`, '(?s)^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:[.][0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)(?!.)', 6) AS INT), 0))) / 1440.0D) AS INT)) BETWEEN DATE '0001-01-01' AND DATE '9999-12-31' THEN date_add(try_cast(substr(`raw:created`, 1, 10) AS DATE), CAST(floor((coalesce(try_cast(regexp_extract(`raw:created`, '(?s)^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:[.][0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)(?!.)', 2) AS INT), 0) * 60 + coalesce(try_cast(regexp_extract(`raw:created`, '(?s)^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:[.][0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)(?!.)', 3) AS INT), 0) + CASE regexp_extract(`raw:created`, '(?s)^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:[.][0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)(?!.)', 4) WHEN '-' THEN 1 WHEN '+' THEN -1 ELSE 0 END * (coalesce(try_cast(regexp_extract(`raw:created`, '(?s)^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:[.][0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)(?!.)', 5) AS INT), 0) * 60 + coalesce(try_cast(regexp_extract(`raw:created`, '(?s)^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:[.][0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)(?!.)', 6) AS INT), 0))) / 1440.0D) AS INT)) END AS `v:created`,
    CASE WHEN `raw:country` NOT IN ('', 'n/a', 'select') THEN CASE WHEN `in:country` >= '!' AND substr(`in:country`, -1) >= '!' THEN `in:country` ELSE btrim(`in:country`, (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))) END END AS `v:country`,
    CASE WHEN `odd:employees` IS NULL THEN CASE WHEN abs(try_cast(`in:employees` AS DOUBLE)) < CAST('Infinity' AS DOUBLE) THEN try_cast(`in:employees` AS DOUBLE) END WHEN length(`odd:employees`) > 300 THEN NULL WHEN `odd:employees` rlike ('(?s)^(?:[+-]?(?:[1-9][0-9]{0,2}(?:[.][0-9]{3})+,[0-9]+|[1-9][0-9]{0,2}(?:[.][0-9]{3}){2,}|[1-9][0-9]{0,2}(?:[ ' || chr(39) || '’][0-9]{3})+,[0-9]+|[0-9]+,(?:[0-9]{1,2}|[0-9]{4,})|(?:0[0-9]*|[0-9]{4,}),[0-9]{3}))(?!.)') THEN try_cast(translate(`odd:employees`, (',. ' || chr(39) || '’'), '.') AS DOUBLE) WHEN `odd:employees` rlike ('(?s)^(?:[+-]?(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+[.][0-9]+|[1-9][0-9]{0,2}(?:,[0-9]{3}){2,}|[1-9][0-9]{0,2}(?:[ ' || chr(39) || '’][0-9]{3})+[.][0-9]+|[1-9][0-9]{0,2}(?:[ ' || chr(39) || '’][0-9]{3})+))(?!.)') THEN try_cast(translate(`odd:employees`, (', ' || chr(39) || '’'), '') AS DOUBLE) END AS `v:employees`,
    CASE WHEN `odd:annual_revenue` IS NULL THEN CASE WHEN abs(try_cast(`in:annual_revenue` AS DOUBLE)) < CAST('Infinity' AS DOUBLE) THEN try_cast(`in:annual_revenue` AS DOUBLE) END WHEN length(`odd:annual_revenue`) > 300 THEN NULL WHEN `odd:annual_revenue` rlike ('(?s)^(?:[+-]?(?:[1-9][0-9]{0,2}(?:[.][0-9]{3})+,[0-9]+|[1-9][0-9]{0,2}(?:[.][0-9]{3}){2,}|[1-9][0-9]{0,2}(?:[ ' || chr(39) || '’][0-9]{3})+,[0-9]+|[0-9]+,(?:[0-9]{1,2}|[0-9]{4,})|(?:0[0-9]*|[0-9]{4,}),[0-9]{3}))(?!.)') THEN try_cast(translate(`odd:annual_revenue`, (',. ' || chr(39) || '’'), '.') AS DOUBLE) WHEN `odd:annual_revenue` rlike ('(?s)^(?:[+-]?(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+[.][0-9]+|[1-9][0-9]{0,2}(?:,[0-9]{3}){2,}|[1-9][0-9]{0,2}(?:[ ' || chr(39) || '’][0-9]{3})+[.][0-9]+|[1-9][0-9]{0,2}(?:[ ' || chr(39) || '’][0-9]{3})+))(?!.)') THEN try_cast(translate(`odd:annual_revenue`, (', ' || chr(39) || '’'), '') AS DOUBLE) END AS `v:annual_revenue`,
    CASE WHEN `raw:job_title` NOT IN ('', 'n/a', 'select') THEN CASE WHEN `in:job_title` >= '!' AND substr(`in:job_title`, -1) >= '!' THEN `in:job_title` ELSE btrim(`in:job_title`, (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))) END END AS `v:job_title`,
    CASE `raw:lead_source` WHEN 'web_form' THEN 'web_form' WHEN 'content_download' THEN 'content_download' WHEN 'webinar' THEN 'webinar' WHEN 'trade_fair' THEN 'trade_fair' WHEN 'referral' THEN 'referral' WHEN 'partner' THEN 'partner' WHEN 'outbound' THEN 'outbound' WHEN 'bought_list' THEN 'bought_list' END AS `v:lead_source`,
    CASE `raw:need` WHEN 'none' THEN 'none' WHEN 'vague' THEN 'vague' WHEN 'clear' THEN 'clear' WHEN 'urgent' THEN 'urgent' END AS `v:need`,
    CASE WHEN `odd:budget` IS NULL THEN CASE WHEN abs(try_cast(`in:budget` AS DOUBLE)) < CAST('Infinity' AS DOUBLE) THEN try_cast(`in:budget` AS DOUBLE) END WHEN length(`odd:budget`) > 300 THEN NULL WHEN `odd:budget` rlike ('(?s)^(?:[+-]?(?:[1-9][0-9]{0,2}(?:[.][0-9]{3})+,[0-9]+|[1-9][0-9]{0,2}(?:[.][0-9]{3}){2,}|[1-9][0-9]{0,2}(?:[ ' || chr(39) || '’][0-9]{3})+,[0-9]+|[0-9]+,(?:[0-9]{1,2}|[0-9]{4,})|(?:0[0-9]*|[0-9]{4,}),[0-9]{3}))(?!.)') THEN try_cast(translate(`odd:budget`, (',. ' || chr(39) || '’'), '.') AS DOUBLE) WHEN `odd:budget` rlike ('(?s)^(?:[+-]?(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+[.][0-9]+|[1-9][0-9]{0,2}(?:,[0-9]{3}){2,}|[1-9][0-9]{0,2}(?:[ ' || chr(39) || '’][0-9]{3})+[.][0-9]+|[1-9][0-9]{0,2}(?:[ ' || chr(39) || '’][0-9]{3})+))(?!.)') THEN try_cast(translate(`odd:budget`, (', ' || chr(39) || '’'), '') AS DOUBLE) END AS `v:budget`,
    CASE `raw:decision_role` WHEN 'decider' THEN 'decider' WHEN 'influencer' THEN 'influencer' WHEN 'user' THEN 'user' END AS `v:decision_role`,
    CASE WHEN octet_length(`raw:decision_date`) = 10 AND CAST(try_cast(`raw:decision_date` AS DATE) AS STRING) = `raw:decision_date` THEN CASE WHEN try_cast(`raw:decision_date` AS DATE) BETWEEN DATE '0001-01-01' AND DATE '9999-12-31' THEN try_cast(`raw:decision_date` AS DATE) END WHEN `raw:decision_date` rlike '(?s)^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:[.][0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)(?!.)' AND try_cast(substr(`raw:decision_date`, 1, 10) AS DATE) BETWEEN DATE '0001-01-01' AND DATE '9999-12-31' AND date_add(try_cast(substr(`raw:decision_date`, 1, 10) AS DATE), CAST(floor((coalesce(try_cast(regexp_extract(`raw:decision_date`, '(?s)^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:[.][0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)(?!.)', 2) AS INT), 0) * 60 + coalesce(try_cast(regexp_extract(`raw:decision_date`, '(?s)^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:[.][0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)(?!.)', 3) AS INT), 0) + CASE regexp_extract(`raw:decision_date`, '(?s)^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:[.][0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)(?!.)', 4) WHEN '-' THEN 1 WHEN '+' THEN -1 ELSE 0 END * (coalesce(try_cast(regexp_extract(`raw:decision_date`, '(?s)^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:[.][0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)(?!.)', 5) AS INT), 0) * 60 + coalesce(try_cast(regexp_extract(`raw:decision_date`, '(?s)^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:[.][0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)(?!.)', 6) AS INT), 0))) / 1440.0D) AS INT)) BETWEEN DATE '0001-01-01' AND DATE '9999-12-31' THEN date_add(try_cast(substr(`raw:decision_date`, 1, 10) AS DATE), CAST(floor((coalesce(try_cast(regexp_extract(`raw:decision_date`, '(?s)^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:[.][0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)(?!.)', 2) AS INT), 0) * 60 + coalesce(try_cast(regexp_extract(`raw:decision_date`, '(?s)^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:[.][0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)(?!.)', 3) AS INT), 0) + CASE regexp_extract(`raw:decision_date`, '(?s)^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:[.][0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)(?!.)', 4) WHEN '-' THEN 1 WHEN '+' THEN -1 ELSE 0 END * (coalesce(try_cast(regexp_extract(`raw:decision_date`, '(?s)^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:[.][0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)(?!.)', 5) AS INT), 0) * 60 + coalesce(try_cast(regexp_extract(`raw:decision_date`, '(?s)^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:[.][0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)(?!.)', 6) AS INT), 0))) / 1440.0D) AS INT)) END AS `v:decision_date`,
    CASE `raw:supplier_status` WHEN 'has_supplier' THEN 'has_supplier' WHEN 'reviewing' THEN 'reviewing' WHEN 'dismissed' THEN 'dismissed' WHEN 'none' THEN 'none' END AS `v:supplier_status`,
    CASE WHEN octet_length(`raw:last_activity`) = 10 AND CAST(try_cast(`raw:last_activity` AS DATE) AS STRING) = `raw:last_activity` THEN CASE WHEN try_cast(`raw:last_activity` AS DATE) BETWEEN DATE '0001-01-01' AND DATE '9999-12-31' THEN try_cast(`raw:last_activity` AS DATE) END WHEN `raw:last_activity` rlike '(?s)^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:[.][0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)(?!.)' AND try_cast(substr(`raw:last_activity`, 1, 10) AS DATE) BETWEEN DATE '0001-01-01' AND DATE '9999-12-31' AND date_add(try_cast(substr(`raw:last_activity`, 1, 10) AS DATE), CAST(floor((coalesce(try_cast(regexp_extract(`raw:last_activity`, '(?s)^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:[.][0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)(?!.)', 2) AS INT), 0) * 60 + coalesce(try_cast(regexp_extract(`raw:last_activity`, '(?s)^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:[.][0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)(?!.)', 3) AS INT), 0) + CASE regexp_extract(`raw:last_activity`, '(?s)^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:[.][0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)(?!.)', 4) WHEN '-' THEN 1 WHEN '+' THEN -1 ELSE 0 END * (coalesce(try_cast(regexp_extract(`raw:last_activity`, '(?s)^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:[.][0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)(?!.)', 5) AS INT), 0) * 60 + coalesce(try_cast(regexp_extract(`raw:last_activity`, '(?s)^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:[.][0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)(?!.)', 6) AS INT), 0))) / 1440.0D) AS INT)) BETWEEN DATE '0001-01-01' AND DATE '9999-12-31' THEN date_add(try_cast(substr(`raw:last_activity`, 1, 10) AS DATE), CAST(floor((coalesce(try_cast(regexp_extract(`raw:last_activity`, '(?s)^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:[.][0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)(?!.)', 2) AS INT), 0) * 60 + coalesce(try_cast(regexp_extract(`raw:last_activity`, '(?s)^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:[.][0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)(?!.)', 3) AS INT), 0) + CASE regexp_extract(`raw:last_activity`, '(?s)^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:[.][0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)(?!.)', 4) WHEN '-' THEN 1 WHEN '+' THEN -1 ELSE 0 END * (coalesce(try_cast(regexp_extract(`raw:last_activity`, '(?s)^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:[.][0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)(?!.)', 5) AS INT), 0) * 60 + coalesce(try_cast(regexp_extract(`raw:last_activity`, '(?s)^(?:([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::[0-5][0-9](?:[.][0-9]+)?)? ?(?:Z|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?)?)(?!.)', 6) AS INT), 0))) / 1440.0D) AS INT)) END AS `v:last_activity`,
    CASE WHEN `odd:pages_viewed` IS NULL THEN CASE WHEN abs(try_cast(`in:pages_viewed` AS DOUBLE)) < CAST('Infinity' AS DOUBLE) THEN try_cast(`in:pages_viewed` AS DOUBLE) END WHEN length(`odd:pages_viewed`) > 300 THEN NULL WHEN `odd:pages_viewed` rlike ('(?s)^(?:[+-]?(?:[1-9][0-9]{0,2}(?:[.][0-9]{3})+,[0-9]+|[1-9][0-9]{0,2}(?:[.][0-9]{3}){2,}|[1-9][0-9]{0,2}(?:[ ' || chr(39) || '’][0-9]{3})+,[0-9]+|[0-9]+,(?:[0-9]{1,2}|[0-9]{4,})|(?:0[0-9]*|[0-9]{4,}),[0-9]{3}))(?!.)') THEN try_cast(translate(`odd:pages_viewed`, (',. ' || chr(39) || '’'), '.') AS DOUBLE) WHEN `odd:pages_viewed` rlike ('(?s)^(?:[+-]?(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+[.][0-9]+|[1-9][0-9]{0,2}(?:,[0-9]{3}){2,}|[1-9][0-9]{0,2}(?:[ ' || chr(39) || '’][0-9]{3})+[.][0-9]+|[1-9][0-9]{0,2}(?:[ ' || chr(39) || '’][0-9]{3})+))(?!.)') THEN try_cast(translate(`odd:pages_viewed`, (', ' || chr(39) || '’'), '') AS DOUBLE) END AS `v:pages_viewed`,
    CASE WHEN `odd:pricing_visits` IS NULL THEN CASE WHEN abs(try_cast(`in:pricing_visits` AS DOUBLE)) < CAST('Infinity' AS DOUBLE) THEN try_cast(`in:pricing_visits` AS DOUBLE) END WHEN length(`odd:pricing_visits`) > 300 THEN NULL WHEN `odd:pricing_visits` rlike ('(?s)^(?:[+-]?(?:[1-9][0-9]{0,2}(?:[.][0-9]{3})+,[0-9]+|[1-9][0-9]{0,2}(?:[.][0-9]{3}){2,}|[1-9][0-9]{0,2}(?:[ ' || chr(39) || '’][0-9]{3})+,[0-9]+|[0-9]+,(?:[0-9]{1,2}|[0-9]{4,})|(?:0[0-9]*|[0-9]{4,}),[0-9]{3}))(?!.)') THEN try_cast(translate(`odd:pricing_visits`, (',. ' || chr(39) || '’'), '.') AS DOUBLE) WHEN `odd:pricing_visits` rlike ('(?s)^(?:[+-]?(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+[.][0-9]+|[1-9][0-9]{0,2}(?:,[0-9]{3}){2,}|[1-9][0-9]{0,2}(?:[ ' || chr(39) || '’][0-9]{3})+[.][0-9]+|[1-9][0-9]{0,2}(?:[ ' || chr(39) || '’][0-9]{3})+))(?!.)') THEN try_cast(translate(`odd:pricing_visits`, (', ' || chr(39) || '’'), '') AS DOUBLE) END AS `v:pricing_visits`,
    CASE `raw:demo_requested` WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE WHEN '1' THEN TRUE WHEN '0' THEN FALSE WHEN 'yes' THEN TRUE WHEN 'no' THEN FALSE WHEN 'on' THEN TRUE WHEN 'off' THEN FALSE WHEN 'y' THEN TRUE WHEN 'n' THEN FALSE WHEN 't' THEN TRUE WHEN 'f' THEN FALSE WHEN '1.0' THEN TRUE WHEN '0.0' THEN FALSE END AS `v:demo_requested`,
    CASE `raw:newsletter` WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE WHEN '1' THEN TRUE WHEN '0' THEN FALSE WHEN 'yes' THEN TRUE WHEN 'no' THEN FALSE WHEN 'on' THEN TRUE WHEN 'off' THEN FALSE WHEN 'y' THEN TRUE WHEN 'n' THEN FALSE WHEN 't' THEN TRUE WHEN 'f' THEN FALSE WHEN '1.0' THEN TRUE WHEN '0.0' THEN FALSE END AS `v:newsletter`,
    CASE `raw:unsubscribed` WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE WHEN '1' THEN TRUE WHEN '0' THEN FALSE WHEN 'yes' THEN TRUE WHEN 'no' THEN FALSE WHEN 'on' THEN TRUE WHEN 'off' THEN FALSE WHEN 'y' THEN TRUE WHEN 'n' THEN FALSE WHEN 't' THEN TRUE WHEN 'f' THEN FALSE WHEN '1.0' THEN TRUE WHEN '0.0' THEN FALSE END AS `v:unsubscribed`,
    CASE `raw:competitor` WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE WHEN '1' THEN TRUE WHEN '0' THEN FALSE WHEN 'yes' THEN TRUE WHEN 'no' THEN FALSE WHEN 'on' THEN TRUE WHEN 'off' THEN FALSE WHEN 'y' THEN TRUE WHEN 'n' THEN FALSE WHEN 't' THEN TRUE WHEN 'f' THEN FALSE WHEN '1.0' THEN TRUE WHEN '0.0' THEN FALSE END AS `v:competitor`,
    CASE WHEN `odd:proposal_value` IS NULL THEN CASE WHEN abs(try_cast(`in:proposal_value` AS DOUBLE)) < CAST('Infinity' AS DOUBLE) THEN try_cast(`in:proposal_value` AS DOUBLE) END WHEN length(`odd:proposal_value`) > 300 THEN NULL WHEN `odd:proposal_value` rlike ('(?s)^(?:[+-]?(?:[1-9][0-9]{0,2}(?:[.][0-9]{3})+,[0-9]+|[1-9][0-9]{0,2}(?:[.][0-9]{3}){2,}|[1-9][0-9]{0,2}(?:[ ' || chr(39) || '’][0-9]{3})+,[0-9]+|[0-9]+,(?:[0-9]{1,2}|[0-9]{4,})|(?:0[0-9]*|[0-9]{4,}),[0-9]{3}))(?!.)') THEN try_cast(translate(`odd:proposal_value`, (',. ' || chr(39) || '’'), '.') AS DOUBLE) WHEN `odd:proposal_value` rlike ('(?s)^(?:[+-]?(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+[.][0-9]+|[1-9][0-9]{0,2}(?:,[0-9]{3}){2,}|[1-9][0-9]{0,2}(?:[ ' || chr(39) || '’][0-9]{3})+[.][0-9]+|[1-9][0-9]{0,2}(?:[ ' || chr(39) || '’][0-9]{3})+))(?!.)') THEN try_cast(translate(`odd:proposal_value`, (', ' || chr(39) || '’'), '') AS DOUBLE) END AS `v:proposal_value`
  FROM tidied
),
cleaned AS ( -- the fields, and whether a value is there that can't be read
  SELECT
    `lead_id`, `in:stage`, `in:created`, `in:employees`, `in:annual_revenue`, `in:lead_source`, `in:need`,
    `in:budget`, `in:decision_role`, `in:decision_date`, `in:supplier_status`, `in:last_activity`,
    `in:pages_viewed`, `in:pricing_visits`, `in:demo_requested`, `in:newsletter`, `in:unsubscribed`,
    `in:competitor`, `in:proposal_value`, `raw:stage`, `raw:lead_source`, `raw:need`, `raw:decision_role`,
    `raw:supplier_status`, `raw:demo_requested`, `raw:newsletter`, `raw:unsubscribed`, `raw:competitor`,
    `v:stage`, `v:created`, `v:country`, `v:employees`, `v:annual_revenue`, `v:job_title`, `v:lead_source`,
    `v:need`, `v:budget`, `v:decision_role`, `v:decision_date`, `v:supplier_status`, `v:last_activity`,
    `v:pages_viewed`, `v:pricing_visits`, `v:demo_requested`, `v:newsletter`, `v:unsubscribed`,
    `v:competitor`, `v:proposal_value`,
    `v:stage` AS `f:stage`,
    `v:country` AS `f:country`,
    `v:employees` AS `f:employees`,
    `v:job_title` AS `f:job_title`,
    `v:lead_source` AS `f:lead_source`,
    `v:need` AS `f:need`,
    `v:budget` AS `f:budget`,
    `v:decision_role` AS `f:decision_role`,
    `v:decision_date` AS `f:decision_date`,
    `v:supplier_status` AS `f:supplier_status`,
    `v:last_activity` AS `f:last_activity`,
    `v:pricing_visits` AS `f:pricing_visits`,
    `v:demo_requested` AS `f:demo_requested`,
    `v:newsletter` AS `f:newsletter`,
    `v:unsubscribed` AS `f:unsubscribed`,
    `v:competitor` AS `f:competitor`,
    CASE WHEN `v:stage` IS NULL AND `in:stage` IS NOT NULL AND `raw:stage` NOT IN ('', 'n/a', 'select') THEN TRUE END AS `bad:stage`,
    CASE WHEN `v:created` IS NULL AND `in:created` IS NOT NULL AND CASE WHEN `in:created` >= '!' AND substr(`in:created`, -1) >= '!' AND octet_length(`in:created`) = length(`in:created`) THEN lower(`in:created`) ELSE translate(btrim(`in:created`, (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') END NOT IN ('', 'n/a', 'select') THEN TRUE END AS `bad:created`,
    CASE WHEN `v:employees` IS NULL AND `in:employees` IS NOT NULL AND CASE WHEN `in:employees` >= '!' AND substr(`in:employees`, -1) >= '!' AND octet_length(`in:employees`) = length(`in:employees`) THEN lower(`in:employees`) ELSE translate(btrim(`in:employees`, (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') END NOT IN ('', 'n/a', 'select', 'nan') THEN TRUE END AS `bad:employees`,
    CASE WHEN `v:annual_revenue` IS NULL AND `in:annual_revenue` IS NOT NULL AND CASE WHEN `in:annual_revenue` >= '!' AND substr(`in:annual_revenue`, -1) >= '!' AND octet_length(`in:annual_revenue`) = length(`in:annual_revenue`) THEN lower(`in:annual_revenue`) ELSE translate(btrim(`in:annual_revenue`, (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') END NOT IN ('', 'n/a', 'select', 'nan') THEN TRUE END AS `bad:annual_revenue`,
    CASE WHEN `v:lead_source` IS NULL AND `in:lead_source` IS NOT NULL AND `raw:lead_source` NOT IN ('', 'n/a', 'select') THEN TRUE END AS `bad:lead_source`,
    CASE WHEN `v:need` IS NULL AND `in:need` IS NOT NULL AND `raw:need` NOT IN ('', 'n/a', 'select') THEN TRUE END AS `bad:need`,
    CASE WHEN `v:budget` IS NULL AND `in:budget` IS NOT NULL AND CASE WHEN `in:budget` >= '!' AND substr(`in:budget`, -1) >= '!' AND octet_length(`in:budget`) = length(`in:budget`) THEN lower(`in:budget`) ELSE translate(btrim(`in:budget`, (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') END NOT IN ('', 'n/a', 'select', 'nan') THEN TRUE END AS `bad:budget`,
    CASE WHEN `v:decision_role` IS NULL AND `in:decision_role` IS NOT NULL AND `raw:decision_role` NOT IN ('', 'n/a', 'select') THEN TRUE END AS `bad:decision_role`,
    CASE WHEN `v:decision_date` IS NULL AND `in:decision_date` IS NOT NULL AND CASE WHEN `in:decision_date` >= '!' AND substr(`in:decision_date`, -1) >= '!' AND octet_length(`in:decision_date`) = length(`in:decision_date`) THEN lower(`in:decision_date`) ELSE translate(btrim(`in:decision_date`, (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') END NOT IN ('', 'n/a', 'select') THEN TRUE END AS `bad:decision_date`,
    CASE WHEN `v:supplier_status` IS NULL AND `in:supplier_status` IS NOT NULL AND `raw:supplier_status` NOT IN ('', 'n/a', 'select') THEN TRUE END AS `bad:supplier_status`,
    CASE WHEN `v:last_activity` IS NULL AND `in:last_activity` IS NOT NULL AND CASE WHEN `in:last_activity` >= '!' AND substr(`in:last_activity`, -1) >= '!' AND octet_length(`in:last_activity`) = length(`in:last_activity`) THEN lower(`in:last_activity`) ELSE translate(btrim(`in:last_activity`, (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') END NOT IN ('', 'n/a', 'select') THEN TRUE END AS `bad:last_activity`,
    CASE WHEN `v:pages_viewed` IS NULL AND `in:pages_viewed` IS NOT NULL AND CASE WHEN `in:pages_viewed` >= '!' AND substr(`in:pages_viewed`, -1) >= '!' AND octet_length(`in:pages_viewed`) = length(`in:pages_viewed`) THEN lower(`in:pages_viewed`) ELSE translate(btrim(`in:pages_viewed`, (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') END NOT IN ('', 'n/a', 'select', 'nan') THEN TRUE END AS `bad:pages_viewed`,
    CASE WHEN `v:pricing_visits` IS NULL AND `in:pricing_visits` IS NOT NULL AND CASE WHEN `in:pricing_visits` >= '!' AND substr(`in:pricing_visits`, -1) >= '!' AND octet_length(`in:pricing_visits`) = length(`in:pricing_visits`) THEN lower(`in:pricing_visits`) ELSE translate(btrim(`in:pricing_visits`, (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') END NOT IN ('', 'n/a', 'select', 'nan') THEN TRUE END AS `bad:pricing_visits`,
    CASE WHEN `v:demo_requested` IS NULL AND `in:demo_requested` IS NOT NULL AND `raw:demo_requested` NOT IN ('', 'n/a', 'select') THEN TRUE END AS `bad:demo_requested`,
    CASE WHEN `v:newsletter` IS NULL AND `in:newsletter` IS NOT NULL AND `raw:newsletter` NOT IN ('', 'n/a', 'select') THEN TRUE END AS `bad:newsletter`,
    CASE WHEN `v:unsubscribed` IS NULL AND `in:unsubscribed` IS NOT NULL AND `raw:unsubscribed` NOT IN ('', 'n/a', 'select') THEN TRUE END AS `bad:unsubscribed`,
    CASE WHEN `v:competitor` IS NULL AND `in:competitor` IS NOT NULL AND `raw:competitor` NOT IN ('', 'n/a', 'select') THEN TRUE END AS `bad:competitor`,
    CASE WHEN `v:proposal_value` IS NULL AND `in:proposal_value` IS NOT NULL AND CASE WHEN `in:proposal_value` >= '!' AND substr(`in:proposal_value`, -1) >= '!' AND octet_length(`in:proposal_value`) = length(`in:proposal_value`) THEN lower(`in:proposal_value`) ELSE translate(btrim(`in:proposal_value`, (' ' || chr(9) || chr(10) || chr(13) || chr(12) || chr(11))), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') END NOT IN ('', 'n/a', 'select', 'nan') THEN TRUE END AS `bad:proposal_value`
  FROM typed
),
judged AS ( -- whether a score would rest on a value that can't be read
  SELECT
    `lead_id`, `f:stage`, `f:country`, `f:employees`, `f:job_title`, `f:lead_source`, `f:need`, `f:budget`,
    `f:decision_role`, `f:decision_date`, `f:supplier_status`, `f:last_activity`, `f:pricing_visits`,
    `f:demo_requested`, `f:newsletter`, `f:unsubscribed`, `f:competitor`, `bad:stage`, `bad:created`,
    `bad:employees`, `bad:annual_revenue`, `bad:lead_source`, `bad:need`, `bad:budget`,
    `bad:decision_role`, `bad:decision_date`, `bad:supplier_status`, `bad:last_activity`,
    `bad:pages_viewed`, `bad:pricing_visits`, `bad:demo_requested`, `bad:newsletter`, `bad:unsubscribed`,
    `bad:competitor`, `bad:proposal_value`,
    CASE WHEN `bad:stage` THEN TRUE WHEN `bad:created` THEN TRUE WHEN `bad:employees` THEN TRUE WHEN `bad:annual_revenue` THEN TRUE WHEN `bad:lead_source` THEN TRUE WHEN `bad:need` THEN TRUE WHEN `bad:budget` THEN TRUE WHEN `bad:decision_role` THEN TRUE WHEN `bad:decision_date` THEN TRUE WHEN `bad:supplier_status` THEN TRUE WHEN `bad:last_activity` THEN TRUE WHEN `bad:pages_viewed` THEN TRUE WHEN `bad:pricing_visits` THEN TRUE WHEN `bad:demo_requested` THEN TRUE WHEN `bad:newsletter` THEN TRUE WHEN `bad:unsubscribed` THEN TRUE WHEN `bad:competitor` THEN TRUE WHEN `bad:proposal_value` THEN TRUE ELSE FALSE END AS `ll:bad`
  FROM cleaned
),
folded AS ( -- texts that are searched, A to Z in lower case
  SELECT
    `lead_id`, `f:stage`, `f:country`, `f:employees`, `f:job_title`, `f:lead_source`, `f:need`, `f:budget`,
    `f:decision_role`, `f:decision_date`, `f:supplier_status`, `f:last_activity`, `f:pricing_visits`,
    `f:demo_requested`, `f:newsletter`, `f:unsubscribed`, `f:competitor`, `ll:bad`,
    CASE WHEN octet_length(`f:job_title`) = length(`f:job_title`) THEN lower(`f:job_title`) ELSE translate(`f:job_title`, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') END AS `a:job_title`
  FROM judged
),
derived_1 AS ( -- fields that are computed from others
  SELECT
    `lead_id`, `f:stage`, `f:country`, `f:employees`, `f:lead_source`, `f:need`, `f:budget`,
    `f:decision_role`, `f:decision_date`, `f:supplier_status`, `f:last_activity`, `f:pricing_visits`,
    `f:demo_requested`, `f:newsletter`, `f:unsubscribed`, `f:competitor`, `ll:bad`, `a:job_title`,
    CAST(datediff(DATE '2026-07-01', `f:last_activity`) AS DOUBLE) AS `f:days_silent`,
    CAST(datediff(`f:decision_date`, DATE '2026-07-01') AS DOUBLE) AS `f:days_to_decision`,
    (contains(`a:job_title`, 'chief')) OR (contains(`a:job_title`, 'director')) OR (startswith(`a:job_title`, 'head of')) OR (startswith(`a:job_title`, 'ceo')) OR (startswith(`a:job_title`, 'cfo')) OR (startswith(`a:job_title`, 'cto')) OR (startswith(`a:job_title`, 'vp')) OR (startswith(`a:job_title`, 'vice president')) AS `f:senior_title`,
    (contains(`a:job_title`, 'junior')) OR (contains(`a:job_title`, 'trainee')) OR (contains(`a:job_title`, 'assistant')) AS `f:junior_title`
  FROM folded
),
prepared AS ( -- days, folded texts and bins that several steps ask
  SELECT
    `lead_id`, `f:stage`, `f:country`, `f:employees`, `f:lead_source`, `f:need`, `f:budget`,
    `f:decision_role`, `f:decision_date`, `f:supplier_status`, `f:last_activity`, `f:pricing_visits`,
    `f:demo_requested`, `f:newsletter`, `f:unsubscribed`, `f:competitor`, `ll:bad`, `a:job_title`,
    `f:days_silent`, `f:days_to_decision`, `f:senior_title`, `f:junior_title`,
    CASE WHEN CAST(datediff(DATE '2026-07-01', `f:last_activity`) AS DOUBLE) IS NOT NULL THEN CASE WHEN CAST(datediff(DATE '2026-07-01', `f:last_activity`) AS DOUBLE) < 20.0D THEN CASE WHEN CAST(datediff(DATE '2026-07-01', `f:last_activity`) AS DOUBLE) < 10.0D THEN CASE WHEN CAST(datediff(DATE '2026-07-01', `f:last_activity`) AS DOUBLE) < 1.0D THEN 48 WHEN CAST(datediff(DATE '2026-07-01', `f:last_activity`) AS DOUBLE) < 2.0D THEN 46 WHEN CAST(datediff(DATE '2026-07-01', `f:last_activity`) AS DOUBLE) < 3.0D THEN 43 WHEN CAST(datediff(DATE '2026-07-01', `f:last_activity`) AS DOUBLE) < 4.0D THEN 41 WHEN CAST(datediff(DATE '2026-07-01', `f:last_activity`) AS DOUBLE) < 5.0D THEN 39 WHEN CAST(datediff(DATE '2026-07-01', `f:last_activity`) AS DOUBLE) < 6.0D THEN 37 WHEN CAST(datediff(DATE '2026-07-01', `f:last_activity`) AS DOUBLE) < 7.0D THEN 36 WHEN CAST(datediff(DATE '2026-07-01', `f:last_activity`) AS DOUBLE) < 8.0D THEN 34 WHEN CAST(datediff(DATE '2026-07-01', `f:last_activity`) AS DOUBLE) < 9.0D THEN 32 ELSE 31 END ELSE CASE WHEN CAST(datediff(DATE '2026-07-01', `f:last_activity`) AS DOUBLE) < 11.0D THEN 29 WHEN CAST(datediff(DATE '2026-07-01', `f:last_activity`) AS DOUBLE) < 12.0D THEN 28 WHEN CAST(datediff(DATE '2026-07-01', `f:last_activity`) AS DOUBLE) < 13.0D THEN 26 WHEN CAST(datediff(DATE '2026-07-01', `f:last_activity`) AS DOUBLE) < 14.0D THEN 25 WHEN CAST(datediff(DATE '2026-07-01', `f:last_activity`) AS DOUBLE) < 15.0D THEN 24 WHEN CAST(datediff(DATE '2026-07-01', `f:last_activity`) AS DOUBLE) < 16.0D THEN 23 WHEN CAST(datediff(DATE '2026-07-01', `f:last_activity`) AS DOUBLE) < 17.0D THEN 22 WHEN CAST(datediff(DATE '2026-07-01', `f:last_activity`) AS DOUBLE) < 18.0D THEN 21 WHEN CAST(datediff(DATE '2026-07-01', `f:last_activity`) AS DOUBLE) < 19.0D THEN 20 ELSE 19 END END ELSE CASE WHEN CAST(datediff(DATE '2026-07-01', `f:last_activity`) AS DOUBLE) < 35.0D THEN CASE WHEN CAST(datediff(DATE '2026-07-01', `f:last_activity`) AS DOUBLE) < 21.0D THEN 18 WHEN CAST(datediff(DATE '2026-07-01', `f:last_activity`) AS DOUBLE) < 22.0D THEN 17 WHEN CAST(datediff(DATE '2026-07-01', `f:last_activity`) AS DOUBLE) < 23.0D THEN 16 WHEN CAST(datediff(DATE '2026-07-01', `f:last_activity`) AS DOUBLE) < 25.0D THEN 15 WHEN CAST(datediff(DATE '2026-07-01', `f:last_activity`) AS DOUBLE) < 26.0D THEN 14 WHEN CAST(datediff(DATE '2026-07-01', `f:last_activity`) AS DOUBLE) < 28.0D THEN 13 WHEN CAST(datediff(DATE '2026-07-01', `f:last_activity`) AS DOUBLE) < 29.0D THEN 12 WHEN CAST(datediff(DATE '2026-07-01', `f:last_activity`) AS DOUBLE) < 31.0D THEN 11 WHEN CAST(datediff(DATE '2026-07-01', `f:last_activity`) AS DOUBLE) < 33.0D THEN 10 ELSE 9 END ELSE CASE WHEN CAST(datediff(DATE '2026-07-01', `f:last_activity`) AS DOUBLE) < 38.0D THEN 8 WHEN CAST(datediff(DATE '2026-07-01', `f:last_activity`) AS DOUBLE) < 41.0D THEN 7 WHEN CAST(datediff(DATE '2026-07-01', `f:last_activity`) AS DOUBLE) < 44.0D THEN 6 WHEN CAST(datediff(DATE '2026-07-01', `f:last_activity`) AS DOUBLE) < 48.0D THEN 5 WHEN CAST(datediff(DATE '2026-07-01', `f:last_activity`) AS DOUBLE) < 53.0D THEN 4 WHEN CAST(datediff(DATE '2026-07-01', `f:last_activity`) AS DOUBLE) < 60.0D THEN 3 WHEN CAST(datediff(DATE '2026-07-01', `f:last_activity`) AS DOUBLE) < 71.0D THEN 2 WHEN CAST(datediff(DATE '2026-07-01', `f:last_activity`) AS DOUBLE) < 93.0D THEN 1 ELSE 0 END END END END AS `w:recent_activity`,
    CASE WHEN `f:budget` IS NULL THEN 0 ELSE CASE WHEN `f:budget` < 10000.0D THEN 1 ELSE 2 END END AS `b:budget:0`,
    CASE WHEN `f:need` IS NULL THEN 0 ELSE CASE `f:need` WHEN 'clear' THEN 1 WHEN 'urgent' THEN 2 ELSE 3 END END AS `b:need:0`,
    CASE WHEN `f:employees` IS NULL THEN 0 ELSE CASE WHEN `f:employees` < 50.0D THEN 1 WHEN `f:employees` < 250.0D THEN 2 ELSE 3 END END AS `b:employees:0`,
    CASE WHEN `f:country` IS NULL THEN 0 ELSE CASE `f:country` WHEN 'NO' THEN 1 WHEN 'SE' THEN 2 WHEN 'DK' THEN 3 ELSE 4 END END AS `b:country:0`,
    CASE `f:demo_requested` WHEN FALSE THEN 1 WHEN TRUE THEN 2 ELSE 0 END AS `b:demo_requested:0`
  FROM derived_1
),
priced AS ( -- what each rule and each table earns, in tenths
  SELECT
    `lead_id`, `f:stage`, `f:employees`, `f:lead_source`, `f:need`, `f:budget`, `f:decision_role`,
    `f:decision_date`, `f:supplier_status`, `f:pricing_visits`, `f:demo_requested`, `f:newsletter`,
    `f:unsubscribed`, `f:competitor`, `ll:bad`, `a:job_title`, `f:days_silent`, `f:days_to_decision`,
    `f:senior_title`, `f:junior_title`, `w:recent_activity`, `b:budget:0`, `b:need:0`, `b:employees:0`,
    `b:country:0`, `b:demo_requested:0`,
    CASE (`f:need` = 'urgent') WHEN TRUE THEN 60 WHEN FALSE THEN 0 END AS `r:urgent_need`,
    CASE (`f:need` = 'clear') WHEN TRUE THEN 24 WHEN FALSE THEN 0 END AS `r:clear_need`,
    CASE (`f:need` = 'vague') WHEN TRUE THEN -24 WHEN FALSE THEN 0 END AS `r:vague_need`,
    CASE (`f:need` = 'none') WHEN TRUE THEN -80 WHEN FALSE THEN 0 END AS `r:no_need`,
    CASE (`f:budget` >= 10000.0D) WHEN TRUE THEN 24 WHEN FALSE THEN 0 END AS `r:budget_set`,
    CASE (`f:budget` < 5000.0D) WHEN TRUE THEN -48 WHEN FALSE THEN 0 END AS `r:small_budget`,
    CASE (`f:decision_role` = 'decider') WHEN TRUE THEN 32 WHEN FALSE THEN 0 END AS `r:decider`,
    CASE (`f:decision_role` = 'user') WHEN TRUE THEN -32 WHEN FALSE THEN 0 END AS `r:only_user`,
    CASE (`f:senior_title`) WHEN TRUE THEN 16 WHEN FALSE THEN 0 END AS `r:senior_title`,
    CASE (`f:junior_title`) WHEN TRUE THEN -28 WHEN FALSE THEN 0 END AS `r:junior_title`,
    CASE (`f:supplier_status` = 'dismissed') WHEN TRUE THEN 56 WHEN FALSE THEN 0 END AS `r:supplier_dismissed`,
    CASE (`f:supplier_status` = 'reviewing') WHEN TRUE THEN 16 WHEN FALSE THEN 0 END AS `r:supplier_reviewed`,
    CASE (`f:supplier_status` = 'has_supplier') WHEN TRUE THEN -40 WHEN FALSE THEN 0 END AS `r:supplier_kept`,
    CASE ((`f:days_to_decision` >= 0.0D) AND (`f:days_to_decision` <= 60.0D)) WHEN TRUE THEN 32 WHEN FALSE THEN 0 END AS `r:decides_soon`,
    CASE (`f:days_to_decision` > 180.0D) WHEN TRUE THEN -32 WHEN FALSE THEN 0 END AS `r:decides_late`,
    CASE (`f:lead_source` IN ('referral', 'partner')) WHEN TRUE THEN 24 WHEN FALSE THEN 0 END AS `r:referred`,
    CASE (`f:lead_source` = 'bought_list') WHEN TRUE THEN -48 WHEN FALSE THEN 0 END AS `r:bought_list`,
    CASE (`f:days_silent` <= 90.0D) WHEN TRUE THEN `w:recent_activity` WHEN FALSE THEN 0 END AS `r:recent_activity`,
    CASE (`f:pricing_visits` >= 1.0D) WHEN TRUE THEN 24 WHEN FALSE THEN 0 END AS `r:price_page`,
    CASE (`f:demo_requested`) WHEN TRUE THEN 40 WHEN FALSE THEN 0 END AS `r:demo_requested`,
    CASE (`f:newsletter`) WHEN TRUE THEN 24 WHEN FALSE THEN 0 END AS `r:newsletter`,
    CASE (`f:days_silent` > 60.0D) WHEN TRUE THEN -40 WHEN FALSE THEN 0 END AS `r:long_silence`,
    CASE (`f:employees` < 10.0D) WHEN TRUE THEN -40 WHEN FALSE THEN 0 END AS `r:tiny`,
    CASE (`f:employees` >= 50.0D) WHEN TRUE THEN 20 WHEN FALSE THEN 0 END AS `r:right_size`,
    CASE (`f:employees` >= 1000.0D) WHEN TRUE THEN 48 WHEN FALSE THEN 0 END AS `r:enterprise`,
    CASE WHEN `f:employees` IS NULL THEN -4 ELSE CASE WHEN `f:employees` < 10.0D THEN -31 WHEN `f:employees` < 50.0D THEN 2 WHEN `f:employees` < 250.0D THEN 24 ELSE 11 END END AS `t:employees`,
    CASE WHEN `f:lead_source` IS NULL THEN 0 ELSE CASE `f:lead_source` WHEN 'referral' THEN 38 WHEN 'web' THEN -6 ELSE -12 END END AS `t:lead_source`,
    CASE `f:demo_requested` WHEN FALSE THEN -9 WHEN TRUE THEN 42 ELSE -3 END AS `t:demo_requested`,
    array(0, 3, 4, -2, -5, -1, 0, 1, 2, 5, 18, -7)[`b:budget:0` * 4 + `b:need:0`] AS `t:budget & need`,
    CASE WHEN `b:need:0` BETWEEN 1 AND 2 THEN CASE WHEN `b:employees:0` < 2 THEN -6 ELSE CASE WHEN `b:country:0` IN (1, 3) THEN 17 ELSE 3 END END ELSE -2 END + CASE WHEN `b:demo_requested:0` = 2 THEN CASE WHEN `b:country:0` IN (0, 2) THEN 9 ELSE -4 END ELSE 0 END AS `t:employees & need & country & demo_requested`,
    (`f:need` IN ('clear', 'urgent')) AS `c:need`,
    (`f:budget` >= 10000.0D) AS `c:budget`,
    ((`f:days_to_decision` >= 0.0D) AND (`f:days_to_decision` <= 180.0D)) AS `c:timing`,
    (`f:unsubscribed`) AS `x:asked_to_stop`,
    (`f:competitor`) AS `x:competitor`,
    (contains(`a:job_title`, 'student')) AS `x:student`
  FROM prepared
),
grouped AS ( -- what groups of rules are worth together
  SELECT
    `lead_id`, `f:stage`, `f:employees`, `f:need`, `f:budget`, `f:decision_role`, `f:decision_date`,
    `f:supplier_status`, `ll:bad`, `b:budget:0`, `b:need:0`, `b:employees:0`, `b:country:0`,
    `r:urgent_need`, `r:clear_need`, `r:vague_need`, `r:no_need`, `r:budget_set`, `r:small_budget`,
    `r:decider`, `r:only_user`, `r:senior_title`, `r:junior_title`, `r:supplier_dismissed`,
    `r:supplier_reviewed`, `r:supplier_kept`, `r:decides_soon`, `r:decides_late`, `r:referred`,
    `r:bought_list`, `r:recent_activity`, `r:price_page`, `r:demo_requested`, `r:newsletter`,
    `r:long_silence`, `r:tiny`, `r:right_size`, `r:enterprise`, `t:employees`, `t:lead_source`,
    `t:demo_requested`, `t:budget & need`, `t:employees & need & country & demo_requested`, `c:need`,
    `c:budget`, `c:timing`, `x:asked_to_stop`, `x:competitor`, `x:student`,
    coalesce(`r:recent_activity`, 0) + coalesce(`r:price_page`, 0) + coalesce(`r:demo_requested`, 0) + coalesce(`r:newsletter`, 0) + coalesce(`r:long_silence`, 0) AS `s:engagement`,
    coalesce(`r:right_size`, 0) + coalesce(`r:enterprise`, 0) AS `s:size`,
    greatest(nullif(`r:right_size`, 0), nullif(`r:enterprise`, 0)) AS `m:size`,
    greatest(coalesce(greatest(nullif(`r:right_size`, 0), nullif(`r:enterprise`, 0)), 0), CASE WHEN `r:right_size` IS NULL AND (`f:employees` IS NULL) THEN 20 END, CASE WHEN `r:enterprise` IS NULL AND (`f:employees` IS NULL) THEN 48 END) AS `h:size`
  FROM priced
),
capped AS ( -- what their limits leave, less the plain sum
  SELECT
    `lead_id`, `f:stage`, `f:employees`, `f:need`, `f:budget`, `f:decision_role`, `f:decision_date`,
    `f:supplier_status`, `ll:bad`, `b:budget:0`, `b:need:0`, `b:employees:0`, `b:country:0`,
    `r:urgent_need`, `r:clear_need`, `r:vague_need`, `r:no_need`, `r:budget_set`, `r:small_budget`,
    `r:decider`, `r:only_user`, `r:senior_title`, `r:junior_title`, `r:supplier_dismissed`,
    `r:supplier_reviewed`, `r:supplier_kept`, `r:decides_soon`, `r:decides_late`, `r:referred`,
    `r:bought_list`, `r:recent_activity`, `r:price_page`, `r:demo_requested`, `r:newsletter`,
    `r:long_silence`, `r:tiny`, `r:right_size`, `r:enterprise`, `t:employees`, `t:lead_source`,
    `t:demo_requested`, `t:budget & need`, `t:employees & need & country & demo_requested`, `c:need`,
    `c:budget`, `c:timing`, `x:asked_to_stop`, `x:competitor`, `x:student`, `s:engagement`, `s:size`,
    `m:size`, `h:size`,
    greatest(least(`s:engagement`, 80), -60) - `s:engagement` AS `g:engagement`,
    coalesce(`m:size`, 0) - `s:size` AS `g:size`
  FROM grouped
),
summed AS ( -- the total
  SELECT
    `lead_id`, `f:stage`, `f:employees`, `f:need`, `f:budget`, `f:decision_role`, `f:decision_date`,
    `f:supplier_status`, `ll:bad`, `b:budget:0`, `b:need:0`, `b:employees:0`, `b:country:0`,
    `r:urgent_need`, `r:clear_need`, `r:vague_need`, `r:no_need`, `r:budget_set`, `r:small_budget`,
    `r:decider`, `r:only_user`, `r:senior_title`, `r:junior_title`, `r:supplier_dismissed`,
    `r:supplier_reviewed`, `r:supplier_kept`, `r:decides_soon`, `r:decides_late`, `r:referred`,
    `r:bought_list`, `r:recent_activity`, `r:price_page`, `r:demo_requested`, `r:newsletter`,
    `r:long_silence`, `r:tiny`, `r:right_size`, `r:enterprise`, `t:employees`, `t:lead_source`,
    `t:demo_requested`, `t:budget & need`, `t:employees & need & country & demo_requested`, `c:need`,
    `c:budget`, `c:timing`, `x:asked_to_stop`, `x:competitor`, `x:student`, `m:size`, `h:size`,
    `g:engagement`, `g:size`,
    437 + coalesce(`r:urgent_need`, 0) + coalesce(`r:clear_need`, 0) + coalesce(`r:vague_need`, 0) + coalesce(`r:no_need`, 0) + coalesce(`r:budget_set`, 0) + coalesce(`r:small_budget`, 0) + coalesce(`r:decider`, 0) + coalesce(`r:only_user`, 0) + coalesce(`r:senior_title`, 0) + coalesce(`r:junior_title`, 0) + coalesce(`r:supplier_dismissed`, 0) + coalesce(`r:supplier_reviewed`, 0) + coalesce(`r:supplier_kept`, 0) + coalesce(`r:decides_soon`, 0) + coalesce(`r:decides_late`, 0) + coalesce(`r:referred`, 0) + coalesce(`r:bought_list`, 0) + coalesce(`r:recent_activity`, 0) + coalesce(`r:price_page`, 0) + coalesce(`r:demo_requested`, 0) + coalesce(`r:newsletter`, 0) + coalesce(`r:long_silence`, 0) + coalesce(`r:tiny`, 0) + coalesce(`r:right_size`, 0) + coalesce(`r:enterprise`, 0) + `g:engagement` + `g:size` + `t:employees` + `t:lead_source` + `t:demo_requested` + `t:budget & need` + `t:employees & need & country & demo_requested` AS `ll:total`
  FROM capped
),
ranged AS ( -- what answers to questions could still make of it
  SELECT
    `lead_id`, `f:stage`, `f:employees`, `f:need`, `f:budget`, `f:decision_role`, `f:decision_date`,
    `f:supplier_status`, `ll:bad`, `b:budget:0`, `b:need:0`, `b:employees:0`, `b:country:0`,
    `r:decides_soon`, `t:budget & need`, `c:need`, `c:budget`, `c:timing`, `x:asked_to_stop`,
    `x:competitor`, `x:student`, `m:size`, `h:size`, `ll:total`,
    `ll:total` + CASE WHEN `f:employees` IS NULL THEN 28 ELSE 0 END + CASE WHEN `f:need` IS NULL THEN 60 ELSE 0 END + CASE WHEN `f:budget` IS NULL THEN 24 ELSE 0 END + CASE WHEN `f:decision_role` IS NULL THEN 32 ELSE 0 END + CASE WHEN `f:supplier_status` IS NULL THEN 56 ELSE 0 END + CASE WHEN `r:decides_soon` IS NULL AND (`f:decision_date` IS NULL) THEN 32 ELSE 0 END + `h:size` - (coalesce(`m:size`, 0)) + CASE WHEN `f:budget` IS NULL AND `f:need` IS NULL THEN 18 - `t:budget & need` WHEN `f:budget` IS NULL THEN array(2, 5, 18, 1)[`b:need:0`] - `t:budget & need` WHEN `f:need` IS NULL THEN array(4, 1, 18)[`b:budget:0`] - `t:budget & need` ELSE 0 END + CASE WHEN `f:employees` IS NULL OR `f:need` IS NULL THEN 17 - (CASE WHEN `b:need:0` BETWEEN 1 AND 2 THEN CASE WHEN `b:employees:0` < 2 THEN -6 ELSE CASE WHEN `b:country:0` IN (1, 3) THEN 17 ELSE 3 END END ELSE -2 END) ELSE 0 END AS `ll:high`
  FROM summed
),
placed AS ( -- where the lead stands, and whether it is excluded
  SELECT
    `lead_id`, `f:stage`, `f:employees`, `ll:bad`, `b:budget:0`, `b:need:0`, `c:need`, `c:budget`,
    `c:timing`, `x:asked_to_stop`, `x:competitor`, `x:student`, `ll:total`, `ll:high`,
    CASE WHEN `f:stage` IN ('contact', 'lead', 'opportunity', 'customer') THEN `f:stage` ELSE 'lead' END AS `ll:stands`,
    coalesce(`x:asked_to_stop`, FALSE) OR coalesce(`x:competitor`, FALSE) OR coalesce(`x:student`, FALSE) AS `ll:out`
  FROM ranged
)
SELECT
  `lead_id`,
  CASE WHEN NOT `ll:bad` THEN (least(greatest(`ll:total`, 0), 1000) + 5) div 10 END AS `score`,
  CASE WHEN NOT `ll:bad` THEN `ll:total` / 10.0D END AS `points`,
  CASE WHEN NOT `ll:bad` THEN CASE WHEN (ln(0.09D / 0.91D) + (`ll:total` - 500) / 100.0D * ln(2.0D)) >= 0 THEN 1 / (1 + exp(-(ln(0.09D / 0.91D) + (`ll:total` - 500) / 100.0D * ln(2.0D)))) ELSE exp((ln(0.09D / 0.91D) + (`ll:total` - 500) / 100.0D * ln(2.0D))) / (1 + exp((ln(0.09D / 0.91D) + (`ll:total` - 500) / 100.0D * ln(2.0D)))) END END AS `probability`,
  CASE WHEN NOT `ll:bad` THEN CASE WHEN `ll:total` >= 700 THEN 'A' WHEN `ll:total` >= 550 THEN 'B' WHEN `ll:total` >= 400 THEN 'C' ELSE 'D' END END AS `grade`,
  CASE WHEN NOT `ll:bad` THEN CASE WHEN `ll:out` THEN 'disqualify' WHEN `ll:stands` = 'contact' THEN CASE WHEN `c:need` = FALSE OR `c:budget` = FALSE THEN 'nurture' WHEN `c:need` IS NULL OR `c:budget` IS NULL THEN 'ask' ELSE 'promote' END WHEN `ll:stands` = 'lead' THEN CASE WHEN `c:need` = FALSE OR `c:budget` = FALSE OR `c:timing` = FALSE THEN 'nurture' WHEN `ll:total` < 900 AND `ll:high` >= 900 THEN 'ask' WHEN `ll:total` < 900 THEN 'nurture' WHEN `c:need` IS NULL OR `c:budget` IS NULL OR `c:timing` IS NULL THEN 'ask' ELSE 'promote' END ELSE 'keep' END END AS `recommendation`,
  CASE WHEN NOT `ll:bad` THEN floor(sqrt(25.0D + CASE WHEN `f:employees` IS NULL THEN 81.0D ELSE CASE WHEN `f:employees` < 10.0D THEN 36.0D WHEN `f:employees` < 50.0D THEN 16.0D WHEN `f:employees` < 250.0D THEN 49.0D ELSE 225.0D END END + array(144.0D, 64.0D, 81.0D, 81.0D, 36.0D, 16.0D, 49.0D, 25.0D, 36.0D, 9.0D, 16.0D, 16.0D)[`b:budget:0` * 4 + `b:need:0`]) + 0.5D) / 10.0D END AS `plus_minus`
FROM placed;
