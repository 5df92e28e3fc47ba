"""Tests mirror the packages file by file."""
