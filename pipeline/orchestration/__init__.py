"""The only place that imports Prefect: flows, deployments, server and pages."""
