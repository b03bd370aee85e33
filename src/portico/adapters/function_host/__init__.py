"""The functions process of a host: every instance of every Lambda function runs here, and only here."""
