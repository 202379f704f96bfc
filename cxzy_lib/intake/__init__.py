"""Raw files -> the processed tables and the ledger."""
