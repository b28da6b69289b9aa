"""Builds the optional compiled scanner; everything else stands in pyproject.toml.

``optional=True`` lets an installation without a C compiler go on with the pure twin
(``aoftool --version`` says which of the two is in use).
"""

from setuptools import Extension, setup

setup(
    ext_modules=[
        Extension(
            "aoftool.format._speed",
            ["aoftool/format/_speed.pyx"],
            extra_compile_args=["-O3"],
            optional=True,
        )
    ]
)
