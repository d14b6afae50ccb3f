"""Tests of questions and queries."""
