"""Builds the optional compiled twins; everything else stands in pyproject.toml.

Each ``_name.pyx`` is the twin of the ``name.py`` beside it. ``optional=True`` lets an installation
without a C compiler go on with the pure ones (``aoftool --version`` says which are in use).
"""

from pathlib import Path

from setuptools import Extension, setup

HERE = Path(__file__).parent
#: What the twins take in: changes of these build them again.
SHARED = [
    str(path.relative_to(HERE))
    for ending in ("pxd", "h")
    for path in sorted(HERE.glob(f"aof*/**/_*.{ending}"))
]

setup(
    ext_modules=[
        Extension(
            ".".join(path.relative_to(HERE).with_suffix("").parts),
            [str(path.relative_to(HERE))],
            depends=SHARED,
            extra_compile_args=["-O3"],
            optional=True,
        )
        for path in sorted(HERE.glob("aof*/**/_*.pyx"))
    ]
)
