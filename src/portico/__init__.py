"""Portico: a self-hosted API gateway that speaks Amazon API Gateway."""

__version__ = "0.1.0"
