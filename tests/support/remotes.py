"""Where a project sends its data and its commits."""

from tests.support.project import Project


def with_remote(project: Project, url: str, **options: str) -> Project:
    """Give a project a DVC remote, and a git remote in a folder next to it."""
    project.dvc("remote", "add", "--default", "store", url)
    for name, value in options.items():
        project.dvc("remote", "modify", "store", name, value)
    project.commit("a remote")
    project.call("git", "init", "--quiet", "--bare", "--initial-branch=main", "../shared.git")
    project.git("remote", "add", "origin", "../shared.git")
    project.git("push", "--quiet", "origin", "main")
    project.dvc("push", "--quiet")
    return project
