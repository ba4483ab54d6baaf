"""The classic Internet protocols, servers and clients, in one Twisted process.

The map, from the floor up; each folder's first line says what belongs in it:

==============  ===============================================================
``wire``        octets: bounded readers, transition tables, events, errors, dates
``message``     RFC 5322 and MIME: addresses, header fields, structure, building
``sasl``        authentication mechanisms as dialogs, both sides
``sieve``       scripts that say what becomes of mail, compiled and run
``store``       one store: mail, accounts, queue, files; the change feed
``accounts``    who may log in, and the facets an account offers a protocol
``connection``  the Twisted side that all protocols share
``tls``         STARTTLS and implicit TLS; ``certificates``: a server's, by name
``smtp`` ...    one folder a protocol: ``commands``, ``grammar``, ``dialog`` know no
                Twisted; ``replies``, ``server``, ``client``, ``service`` stand on them
``config``      the settings, which document themselves
``home``        the home directory, for the daemon and the command alike
``site``        what all services over a home share; ``compose`` puts them over it,
                ``extensions`` are what a file or a package adds
``daemon``      configuration to services; the body of ``twistd netsuite``
``cli``         the ``netsuite`` command
``testing``     the testing kit, public and itself tested
==============  ===============================================================
"""

__version__ = "0.1.0.dev0"
