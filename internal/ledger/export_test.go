package ledger

// AuditQuery is the SQL of a search.
func AuditQuery(search Search, limit int) (string, []any) { return search.query(limit) }
