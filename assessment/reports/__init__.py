"""What a run leaves behind: the run document's schema, the HTML report and the CSV exports.

Everything here is a pure function of the run document (`run.json`), so a report can be made
again anywhere, from that one file, without a database.
"""
