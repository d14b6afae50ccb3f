"""Watches notebooks run and writes down what happened."""
