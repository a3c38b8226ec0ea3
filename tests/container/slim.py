"""Makes the image small and quick to start: the last step of its build, see the Dockerfile.

    python slim.py <virtual environment> <folder of the action> <folder for byte code of the standard library>

1. Removes from the environment what no run reads.
2. Runs the demo in what is left, so that something missed ends the build and not a run. It lists the fonts for
   Matplotlib, and tells which modules a run imports.
3. Compiles those modules. The official image ships the standard library without byte code, and a container that starts
   each morning would compile it each morning. What no run imports stays uncompiled; it would only weigh.

4. Compiles the templates.

Byte code is written as unchecked: it holds whatever time stamps the layers of the image carry.
"""

import os
import py_compile
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterable
from pathlib import Path

# Below site-packages; sizes as of November 2026, on x86_64 and not compressed.
UNUSED = [
    # For people who build on these libraries.
    "**/tests",
    "**/*.a",
    "**/*.c",
    "**/*.h",
    "**/*.pxd",
    "**/*.pyi",
    "**/*.pyx",
    "numpy/f2py",
    "numpy/_core/_simd*.so",
    # PyGithub signs with these when an App asks for a token, and seals secrets; this Action is handed its tokens, and
    # imports PyGithub's requester alone. 21 MB.
    "_cffi_backend*.so",
    "cffi",
    "cffi-*",
    "cryptography",
    "cryptography-*",
    "jwt",
    "nacl",
    "pycparser",
    "pycparser-*",
    "pyjwt-*",
    "pynacl-*",
    # Matplotlib reads glyph names from it; the rest is for PDF and PostScript. 20 MB.
    "fontTools/**/*.so",
    "fontTools/cu2qu",
    "fontTools/designspaceLib",
    "fontTools/feaLib",
    "fontTools/merge",
    "fontTools/mtiLib",
    "fontTools/otlLib",
    "fontTools/qu2cu",
    "fontTools/subset",
    "fontTools/svgLib",
    "fontTools/ufoLib",
    "fontTools/varLib",
    "fontTools/voltLib",
    # The names of holidays in other languages: only their days are used, and those stay the same without it. 2.7 MB.
    "holidays/locale",
    # Charts are PNG files, and their letters are Matplotlib's own DejaVu Sans.
    "PIL/_avif*.so",
    "PIL/_imagingcms*.so",
    "PIL/_imagingtk*.so",
    "PIL/_webp*.so",
    "pillow.libs/libavif*",
    "pillow.libs/liblcms2*",
    "pillow.libs/libwebp*",
    "matplotlib/backends/_tkagg*.so",
    "matplotlib/mpl-data/fonts/afm",
    "matplotlib/mpl-data/fonts/pdfcorefonts",
    "matplotlib/mpl-data/fonts/ttf/STIX*",
    "matplotlib/mpl-data/fonts/ttf/cm*",
    "matplotlib/mpl-data/images",
    "matplotlib/mpl-data/sample_data",
]


def remove_unused(packages: Path) -> None:
    for pattern in UNUSED:
        for path in list(packages.glob(pattern)):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)


def imported_by_a_run(python: Path, package: str) -> list[Path]:
    """The source files of all modules that the demo and the package's own modules import."""
    with tempfile.TemporaryDirectory() as scratch:
        # With a cache of its own, Python writes byte code for everything it imports, below the path of its source.
        cache = Path(scratch, "cache")
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment |= {"PYTHONPYCACHEPREFIX": str(cache), "HOME": scratch}
        modules = (
            f"import pkgutil, {package} as top\n"
            "for module in pkgutil.walk_packages(top.__path__, top.__name__ + '.'):\n"
            "    if not module.name.endswith('__main__'): __import__(module.name)\n"
        )
        demo = f"import sys; from {package}.cli import main; sys.exit(main())"
        subprocess.run([python, "-P", "-c", modules], check=True, env=environment, cwd=scratch)
        arguments = ["demo", "--output", f"{scratch}/demo"]
        subprocess.run([python, "-P", "-c", demo, *arguments], check=True, env=environment, cwd=scratch)
        suffix = f".{sys.implementation.cache_tag}.pyc"
        compiled = [path for path in cache.rglob("*.pyc") if path.name.endswith(suffix)]
        sources = [Path("/", path.relative_to(cache)) for path in compiled]
        return [source.with_name(source.name.removesuffix(suffix) + ".py") for source in sources]


def compile_templates(python: Path, package: str) -> None:
    """Let the package keep its templates compiled, where each run looks for them."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = tempfile.gettempdir()
    code = f"from {package}.connect import compiled_templates; compiled_templates().compile()"
    subprocess.run([python, "-P", "-c", code], check=True, env=environment)


def compile_modules(sources: Iterable[Path], below: Path = Path("/")) -> None:
    """Write the byte code of each source to where Python looks for it, or to the same place below another root."""
    for source in sources:
        folder = below / source.relative_to("/").parent / "__pycache__"
        py_compile.compile(
            str(source),
            cfile=str(folder / f"{source.stem}.{sys.implementation.cache_tag}.pyc"),
            doraise=True,
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )


def main(environment: Path, action: Path, library: Path) -> None:
    remove_unused(Path(sysconfig.get_path("purelib")))
    sources = imported_by_a_run(environment / "bin" / "python", "copilot_metrics_action")
    ours = [source for source in sources if source.is_relative_to(environment)]
    standard = [source for source in sources if source.is_relative_to(sysconfig.get_path("stdlib"))]
    compile_modules([*ours, *action.glob("*.py")])
    compile_templates(environment / "bin" / "python", "copilot_metrics_action")
    library.mkdir(parents=True, exist_ok=True)
    compile_modules([source for source in standard if source not in ours], below=library)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
