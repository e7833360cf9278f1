"""All metadata is in setup.cfg; this file is what an editable install of it asks for."""

from setuptools import setup

setup()
