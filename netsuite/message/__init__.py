"""Text messages: RFC 5322, MIME and articles. Octets and values only; imports ``wire`` alone."""
