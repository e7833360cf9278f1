#!/bin/bash
exec python3 -I program/runtime/launch.py
