"""Makes the image small and quick to start: the last step of its build, see the Dockerfile.

    python slim.py <virtual environment> <folder of the action> <folder for byte code of the standard library>

1. Removes from the environment what no run reads: the libraries' own tests, headers, sources of compiled modules, stubs.
2. Runs the demo once in the environment, which lists the fonts for Matplotlib and tells which modules of the standard
   library a run imports.
3. Compiles the environment, the action and those modules. The official image ships the standard library without byte
   code, and a container that starts each morning would compile it each morning.

Byte code is written as unchecked: it holds whatever time stamps the layers of the image carry.
"""

import os
import py_compile
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

UNUSED_FOLDERS = {"tests", "testing", "__pycache__"}
# numpy.testing is imported by numpy itself on first access only, but some libraries name it: it stays.
KEPT_FOLDERS = {"numpy/testing", "matplotlib/testing"}
UNUSED_SUFFIXES = {".a", ".c", ".cpp", ".h", ".hpp", ".pxd", ".pyi", ".pyx"}
UNUSED_PATHS = [
    "numpy/f2py",  # compiles Fortran
    "matplotlib/mpl-data/sample_data",
    "matplotlib/mpl-data/images",  # the icons of windows
]


def remove_unused(packages: Path) -> None:
    for path in sorted(packages.rglob("*"), reverse=True):
        name = path.relative_to(packages).as_posix()
        if path.is_dir() and path.name in UNUSED_FOLDERS and name not in KEPT_FOLDERS:
            shutil.rmtree(path)
        elif path.is_file() and path.suffix in UNUSED_SUFFIXES:
            path.unlink()
    for name in UNUSED_PATHS:
        shutil.rmtree(packages / name, ignore_errors=True)


def modules_of_a_run(python: Path, action: Path) -> list[Path]:
    """The source files of the standard library that the demo imports, the entry point's own imports included."""
    with tempfile.TemporaryDirectory() as scratch:
        cache = Path(scratch, "cache")
        # With a cache of its own, Python writes byte code for everything it imports, and nothing else.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment |= {"PYTHONPYCACHEPREFIX": str(cache), "HOME": scratch}
        everything = "import pkgutil, copilot_metrics_action as top\n" + (
            "for module in pkgutil.walk_packages(top.__path__, top.__name__ + '.'): __import__(module.name)\n"
        )
        subprocess.run([python, "-c", everything], check=True, env=environment)
        demo = "import sys; from copilot_metrics_action.cli import main; sys.exit(main())"
        subprocess.run([python, "-c", demo, "demo", "--output", f"{scratch}/demo"], check=True, env=environment)
        library = Path(sysconfig.get_path("stdlib"))
        compiled = cache / library.relative_to("/")
        sources = [
            library / path.relative_to(compiled).parent / f"{path.name.split('.')[0]}.py"
            for path in compiled.rglob("*.pyc")
        ]
        return sorted(source for source in sources if source.is_file())


def compile_files(sources: Iterator[Path] | list[Path], below: Path = Path("/")) -> None:
    """Write the byte code of each source where Python looks for it, or at the same path below another root."""
    for source in sources:
        cached = Path(sys.implementation.cache_tag)
        target = below / source.relative_to("/").parent / "__pycache__" / f"{source.stem}.{cached}.pyc"
        py_compile.compile(
            str(source),
            cfile=str(target),
            doraise=False,
            quiet=2,
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )


def main(environment: Path, action: Path, library: Path) -> None:
    packages = Path(sysconfig.get_path("purelib"))
    remove_unused(packages)
    modules = modules_of_a_run(environment / "bin" / "python", action)
    compile_files(packages.rglob("*.py"))
    compile_files(action.rglob("*.py"))
    library.mkdir(parents=True, exist_ok=True)
    compile_files(modules, below=library)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
