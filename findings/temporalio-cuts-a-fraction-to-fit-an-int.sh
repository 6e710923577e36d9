#!/usr/bin/env bash
# PyPI temporalio 1.35.0: a number with a fraction fits a field of type `int`,
# and a text fits a `list[str]`.
#
# The payload converter checks types (a `1` for a `bool` is refused), but an
# `int` field takes any number and cuts it towards zero, and a list takes
# whatever can be iterated over: a text becomes the list of its characters. A
# three-part tuple takes two. None of them raises or logs anything.
#
# Why it matters for a durable engine: clients in other languages write the
# payload (JavaScript has no integers at all), and what was read wrongly is then
# recorded as the truth. A value that is not of the type is refused, with its
# path.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check temporalio==1.35.0 2>pip.log || { cat pip.log; exit 2; }

cat >try.py <<'PYTHON'
from dataclasses import dataclass

from temporalio.api.common.v1 import Payload
from temporalio.converter import default

@dataclass
class Line:
    article: str
    cents: int
    labels: list[str]

def read(text, hint):
    payload = Payload(metadata={"encoding": b"json/plain"}, data=text.encode())
    try:
        return repr(default().payload_converter.from_payloads([payload], [hint])[0])
    except TypeError as error:
        return f"TypeError: {error}"

print(read('{"article":"cd","cents":1999.5,"labels":"new"}', Line))
print(read("-0.5", int), read("[1,2]", tuple[int, int, int]), read("1", bool))
PYTHON

cat >expected <<'SEEN'
Line(article='cd', cents=1999, labels=['n', 'e', 'w'])
0 (1, 2) TypeError: Expected value to be bool, was <class 'int'>
SEEN

python/bin/python try.py | tee seen
diff expected seen || { echo "temporalio no longer behaves as described"; exit 1; }
