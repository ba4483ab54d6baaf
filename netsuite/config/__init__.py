"""The settings: one TOML file, one table of fields that carry their own documentation."""
