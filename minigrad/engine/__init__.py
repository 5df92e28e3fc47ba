"""The engine: ops record nodes, the walk runs their vjps from the newest to the oldest."""
