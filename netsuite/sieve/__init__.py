"""Sieve (RFC 5228): scripts that say what becomes of mail, compiled once, run at delivery.

Pure: no network, no store, no clock. ``compiler.compile_script`` makes a ``Script`` of a text;
``interpreter.run`` says what it does with a message, as values.

Extensions that are not offered, with the reasons: ``regex`` (never published as an RFC; what people
write as a pattern takes exponential time in engines that have back references, and ``:matches``
with variables does what is wanted), ``editheader`` (RFC 5293: a content is stored once for all its
recipients, and what one of them changes would be a second one), ``enotify``, ``foreverypart`` and
``mime`` (nothing here would notify, or take parts out).
"""
