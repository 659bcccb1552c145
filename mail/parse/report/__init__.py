"""What came back (RFC 3464, RFC 5965, and what servers send instead): of which of our letters, and why. Pure."""

from mail.parse.report.reading import LARGEST_REPORT, read_report
from mail.parse.report.said import Failure, Report, ReportKind

__all__ = ["LARGEST_REPORT", "Failure", "Report", "ReportKind", "read_report"]
