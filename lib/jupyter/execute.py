"""Runs notebooks in a real Jupyter with the Deno kernel and writes the executed copies.

Fails on any cell error, also on those the kernel reports without a message, and on promises that were rejected and
never awaited. Prints one progress line a notebook. Called by report.ts; alone:

    python lib/jupyter/execute.py --output DIR [--parameters JSON] [--timings FILE] NOTEBOOK...
"""

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from queue import Empty

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionComplete, CellExecutionError, CellTimeoutError, DeadKernelError
from nbclient.util import ensure_async

ROOT = Path(__file__).resolve().parents[2]
DRAIN_SECONDS = 0.15
ANSI = re.compile(r"\x1b\[[0-9;]*m")
WATCH_REJECTIONS = """
globalThis.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  (globalThis.segueRejections ??= []).push(String(event.reason));
});
"""
REPORT_REJECTIONS = """
await new Promise((resolve) => setTimeout(resolve, 20));
if (globalThis.segueRejections?.length) {
  throw new Error("a promise was rejected and never awaited: " + globalThis.segueRejections.splice(0).join("; "));
}
"""


class NotebookFailure(Exception):
    """A notebook that did not run to its end; the message names the cell."""


class DrainingClient(NotebookClient):
    """The Deno kernel says that it is idle before all outputs are sent: go on listening for a moment."""

    async def _async_poll_output_msg(self, parent_msg_id, cell, cell_index):
        await super()._async_poll_output_msg(parent_msg_id, cell, cell_index)
        deadline = time.monotonic() + DRAIN_SECONDS
        while (left := deadline - time.monotonic()) > 0:
            try:
                message = await ensure_async(self.kc.iopub_channel.get_msg(timeout=left))
            except Empty:
                return
            if message["parent_header"].get("msg_id") == parent_msg_id:
                try:
                    self.process_message(message, cell, cell_index)
                except CellExecutionComplete:
                    pass


def main() -> int:
    arguments = argparse.ArgumentParser(description="Run notebooks with the Deno kernel.")
    arguments.add_argument("notebooks", nargs="+", type=Path)
    arguments.add_argument("--output", required=True, type=Path, help="folder for the executed copies")
    arguments.add_argument("--parameters", default="{}", help="JSON object assigned to `settings`")
    arguments.add_argument("--timings", type=Path, help="JSON file for cells and seconds of each notebook")
    arguments.add_argument("--timeout", default=3600, type=int, help="seconds a cell may take")
    options = arguments.parse_args()
    os.environ["JUPYTER_PATH"] = str(Path(sys.prefix) / "share" / "jupyter")
    started = time.monotonic()
    timings = {}
    for number, path in enumerate(options.notebooks, 1):
        try:
            seconds, cells = run(path, options)
        except NotebookFailure as failure:
            print(f"report: {path.name}, {failure}", file=sys.stderr)
            return 1
        timings[path.stem] = {"cells": cells, "seconds": seconds}
        if options.timings:
            options.timings.write_text(json.dumps(timings))
        print(f"[{number}/{len(options.notebooks)}] {path.stem:<26} {cells:>3} cells {seconds:>7.1f} s", file=sys.stderr)
    print(f"{len(options.notebooks)} notebooks ran in {time.monotonic() - started:.1f} s", file=sys.stderr)
    return 0


def run(path: Path, options: argparse.Namespace) -> tuple[float, int]:
    notebook = nbformat.read(path, as_version=4)
    inject(notebook, json.loads(options.parameters))
    started = time.monotonic()
    client = DrainingClient(
        notebook,
        timeout=options.timeout,
        kernel_name="deno",
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
        coalesce_streams=True,
    )
    try:
        asyncio.run(execute(client, notebook))
    except (DeadKernelError, CellTimeoutError) as error:
        raise NotebookFailure(f"{type(error).__name__}: {str(error).splitlines()[0]}") from error
    finally:
        # A failed run leaves its copy too, so that one can see how far it came.
        options.output.mkdir(parents=True, exist_ok=True)
        target = options.output / path.name
        temporary = target.with_suffix(".part")
        nbformat.write(notebook, temporary)
        os.replace(temporary, target)
    return time.monotonic() - started, sum(cell.cell_type == "code" for cell in notebook.cells)


async def execute(client: DrainingClient, notebook) -> None:
    client.reset_execution_trackers()
    async with client.async_setup_kernel():
        await hidden(client, WATCH_REJECTIONS)
        for index, cell in enumerate(notebook.cells):
            try:
                await client.async_execute_cell(cell, index, execution_count=client.code_cells_executed + 1)
                if cell.cell_type == "code":
                    await hidden(client, REPORT_REJECTIONS)
            except CellExecutionError as error:
                raise NotebookFailure(f"cell {index + 1}: {explain(error, notebook, index)}") from error
        notebook.metadata["language_info"] = {"name": "typescript", "file_extension": ".ts"}


async def hidden(client: DrainingClient, code: str) -> None:
    """Runs code in the kernel that is not part of the notebook."""
    cell = nbformat.v4.new_code_cell(code)
    executed = client.code_cells_executed
    cells = client.nb.cells
    client.nb.cells = [cell]
    try:
        await client.async_execute_cell(cell, 0, store_history=False)
    finally:
        client.nb.cells = cells
        client.code_cells_executed = executed


def inject(notebook, parameters: dict) -> None:
    """Puts a cell with the given parameters after the cell tagged `parameters`."""
    if not parameters:
        return
    for index, cell in enumerate(notebook.cells):
        if "parameters" in cell.metadata.get("tags", []):
            source = f"Object.assign(settings, {json.dumps(parameters, ensure_ascii=False)});"
            injected = nbformat.v4.new_code_cell(source, metadata={"tags": ["injected-parameters"]})
            notebook.cells.insert(index + 1, injected)
            return
    raise NotebookFailure("no cell is tagged `parameters`, so that none can be passed in")


def explain(error: CellExecutionError, notebook, index: int) -> str:
    """The message of an error; the kernel leaves it blank for what fails before it runs, so the checker is asked."""
    text = ANSI.sub("", f"{error.ename}: {error.evalue}").strip(": \n")
    if text not in ("", "None: None", "Error: Execution failed"):
        return " ".join(text.split())
    return diagnose(notebook, index) or "the cell failed before it ran: a syntax error, or an import that does not resolve"


def diagnose(notebook, index: int) -> str:
    source = "\n".join(cell.source for cell in notebook.cells[: index + 1] if cell.cell_type == "code")
    module = ROOT / "notebooks" / f".{os.getpid()}.cells.ts"
    module.write_text(source)
    try:
        deno = Path(sys.prefix) / "bin" / "deno"
        checked = subprocess.run([str(deno), "check", str(module)], capture_output=True, text=True, env={**os.environ, "NO_COLOR": "1"})
        lines = [line.strip() for line in ANSI.sub("", checked.stderr).splitlines() if line.strip() and not line.startswith("Check ")]
        return " ".join(lines[:3])[:400]
    finally:
        module.unlink()


if __name__ == "__main__":
    sys.exit(main())
