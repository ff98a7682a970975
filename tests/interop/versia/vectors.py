"""The test vectors of the specification: a key that it publishes, and what that signs.

One rule: these are facts; nothing in here is computed.
"""

PRIVATE = "MC4CAQAwBQYDK2VwBCIEILrNXhbWxC/MhKQDsJOAAF1FH/R+Am5G/eZKnqNum5ro"
PUBLIC = "MCowBQYDK2VwAyEA9oGFPbz+LThzQSOhWhOpUdFxLG07Rqmn0HtAFaCz/hM="
SIGNED_AT = 1729243417

# Name, method, path, body, the text that is signed, the signature.
VECTORS = [
    (
        "1: a POST",
        "POST",
        "/.versia/v0.6/inbox",
        b'{"content":"Hello, world!"}',
        "post /.versia/v0.6/inbox 1729243417 4+e2vswDyKEalby/akgnvZl4yJTXIbN1u42bC6inlOo=",
        "cboFpspY5XR66DjeuOQRUhHktWYvokU2pGK7Zfhf9cQiuGcIxkWuKR6Iqc/TK0FUtDJpERTzxYKIR5J9xgHmCQ==",
    ),
    (
        "2: a GET",
        "GET",
        "/.versia/v0.6/entities/User/u1",
        b"",
        "get /.versia/v0.6/entities/User/u1 1729243417 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        "epk9bzJk7/umTlUd0x8o9neL24qdcFlkkTiSXf5ZI5FT5EfHheEYSp5Rod36I9J48k689hXjek51vjQhTm+nCQ==",
    ),
    (
        "3: the answer to it",
        "GET",
        "/.versia/v0.6/entities/User/u1",
        b'{"a":1}',
        "get /.versia/v0.6/entities/User/u1 1729243417 AVq9f1zFei3ZS3WQ8ErYCEJzkF7jPsXOvq5iJ2qX+GI=",
        "L974VB6aCKadSe4HPtFFMGlbEKy7flD3zSc+irzm6Z7Rce13iW+MybR+BII314pbtMN4fpWMf38Mji91V1tHDQ==",
    ),
    (
        "4: a path as it is on the wire",
        "GET",
        "/.versia/v0.6/entities/pub.versia%3Agroups%2FGroup/g1",
        b"",
        "get /.versia/v0.6/entities/pub.versia%3Agroups%2FGroup/g1 1729243417 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        "Dv6GLFeWRt7GHtrvW3oLIYAaxVkuw1AGBakbUPSO8ggbLH72de7o/FYrp7m/pJK6gKr9HMae65xqWm9MilfaAQ==",
    ),
    (
        "5: a path encoded twice, as the reference implementation signs it",
        "GET",
        "/.versia/v0.6/entities/pub.versia%253Agroups%252FGroup/g1",
        b"",
        "get /.versia/v0.6/entities/pub.versia%253Agroups%252FGroup/g1 1729243417 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        "mRLVUMXCANDbuLfOIG0P0GoEszlOWNUBU/ylYnv66aKmga/AbN8Tvs/KTHv+sPDpn1hoX9gD94tbCj1cFeSHAA==",
    ),
]
