"""The SQL of the notifications that a device was sent, and of the number on its icon."""

LIST = """
WITH examined AS MATERIALIZED (
    SELECT n.id
    FROM notifications n
    WHERE n.account_id = %(account_id)s AND n.id < %(before)s AND n.id >= %(since)s
    ORDER BY n.id DESC
    LIMIT %(examined)s
), chosen AS MATERIALIZED (
    SELECT e.id
    FROM examined e JOIN deliveries d ON d.notification_id = e.id AND d.device_id = %(device_id)s
    ORDER BY e.id DESC
    LIMIT %(limit)s
)
SELECT scan.count, scan.last, n.id, n.payload, n.created_at, n.replaced_at, n.version
FROM (SELECT count(*), (array_agg(id ORDER BY id))[1] AS last FROM examined) scan
LEFT JOIN (chosen JOIN notifications n ON n.id = chosen.id) ON true
ORDER BY n.id DESC
"""
"""Each row is preceded by how many of the account's were examined and the last of them. There is no index of
deliveries by device: every delivery of every account would pay for it. So a page looks at the newest `examined`
notifications of the account, which bounds its cost."""

NEWEST = """
SELECT e.id, e.version
FROM (
    SELECT n.id, n.version
    FROM notifications n
    WHERE n.account_id = %(account_id)s AND n.id >= %(since)s
    ORDER BY n.id DESC
    LIMIT %(examined)s
) e JOIN deliveries d ON d.notification_id = e.id AND d.device_id = %(device_id)s
ORDER BY e.id DESC
"""
"""What the device was sent of the account's newest, to see whether anything has changed."""

READ_BADGE = "SELECT number FROM badges WHERE device_id = %(device_id)s AND account_id = %(account_id)s"
