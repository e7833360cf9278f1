#!/bin/bash
# In place of job_templates/runtime in `scripts/bench watch`: the job is there and computes nothing.
# What it would report is written for it, by programs/reports.py.
exec sleep infinity
