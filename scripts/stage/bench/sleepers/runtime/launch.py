"""Nothing to launch: `job.sh` beside this sleeps. The file is what makes this folder a runtime."""
