#!/usr/bin/env bash
# PyPI temporalio 1.35.0: a value of `Charge | Refund` comes back as the other
# class, without the field that told them apart.
#
# The payload converter tries the members of a union in their order and takes
# the first class whose required fields are there; fields that it does not
# know are dropped. So a `Refund` is read as a `Charge`, and the amount is
# gone. With the members turned round, both come back right: the order of a
# type hint decides what the data are.
#
# Why it matters for a durable engine: payloads outlive the code that wrote
# them. A sum type needs a tag in the stored text; guessing by shape gives
# another answer as soon as one class gets a field more than another.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check temporalio==1.35.0 2>pip.log || { cat pip.log; exit 2; }

cat >try.py <<'PYTHON'
from dataclasses import dataclass
from typing import Union
from temporalio.converter import default

@dataclass
class Charge:
    order: str

@dataclass
class Refund:
    order: str
    cents: int

converter = default().payload_converter
for hint in [Union[Charge, Refund], Union[Refund, Charge]]:
    for value in [Charge("o-1"), Refund("o-1", 500)]:
        payload = converter.to_payloads([value])
        print(payload[0].data.decode(), "->", *converter.from_payloads(payload, [hint]))
PYTHON

cat >expected <<'SEEN'
{"order":"o-1"} -> Charge(order='o-1')
{"cents":500,"order":"o-1"} -> Charge(order='o-1')
{"order":"o-1"} -> Charge(order='o-1')
{"cents":500,"order":"o-1"} -> Refund(order='o-1', cents=500)
SEEN

python/bin/python try.py | tee seen
diff expected seen || { echo "temporalio no longer behaves as described"; exit 1; }
