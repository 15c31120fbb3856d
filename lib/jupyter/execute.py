"""Runs notebooks in a real Jupyter with the Deno kernel and writes the executed copies.

A run fails on any error of a cell, also when the kernel gives no message, and on a promise that was rejected and never
awaited. While a notebook runs, the kernel of the next one starts and loads the library. The report calls it; alone:

    python lib/jupyter/execute.py --output DIR [--parameters JSON] NOTEBOOK...

Prints code cells and seconds of each notebook that ran as one JSON object.
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

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbclient.util import ensure_async

ROOT = Path(__file__).resolve().parents[2]
OUTPUT_SECONDS = 60
LAST_FLUSH_MILLISECONDS = 200
CELL_SECONDS = 3600
ANSI = re.compile(r"\x1b\[[0-9;]*m")
MARK = "application/x-segue-flushed"
PREPARE = """
globalThis.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  (globalThis.segueRejections ??= []).push(String(event.reason));
});
await import("../lib/mod.ts").catch(() => {});
"""
# Marks the end of the outputs of a cell. What it displayed and what it printed come separately: each gets a mark.
FLUSH = """
await (async () => {
  await new Promise((resolve) => setTimeout(resolve, %d));
  const lost = (globalThis.segueRejections ?? []).splice(0);
  console.log("%s");
  await Deno.jupyter.display({ "%s": JSON.stringify(lost) }, { raw: true });
})();
"""


class NotebookFailure(Exception):
    """A notebook that did not run to its end; the message names the cell."""


class FlushingClient(NotebookClient):
    """The Deno kernel reports that it is idle before it has sent all outputs. We ask it for marks, which come last."""

    rejected: list[str] = []
    flush_milliseconds = 5
    # We ask over a second connection. On one socket, a request sent while we wait for a reply can swallow the signal that
    # the reply has come (ZMQ_FD is edge-triggered), and the wait would never end.
    asker = None

    def open_asker(self):
        self.asker = self.km.client()
        self.asker.start_channels(shell=True, iopub=False, stdin=False, hb=False, control=False)

    async def _async_cleanup_kernel(self):
        if self.asker:
            self.asker.stop_channels()
            self.asker = None
        await super()._async_cleanup_kernel()

    async def _async_poll_output_msg(self, parent_msg_id, cell, cell_index):
        await super()._async_poll_output_msg(parent_msg_id, cell, cell_index)
        await self.flush(parent_msg_id, cell, cell_index)

    async def flush(self, parent_msg_id, cell, cell_index):
        """Collects the outputs of a cell that come late, and the promises that nobody awaited."""
        code = FLUSH % (self.flush_milliseconds, MARK, MARK)
        ours = self.asker.execute(code, store_history=False)
        printed = displayed = False
        while not (printed and displayed):
            message = await ensure_async(self.kc.iopub_channel.get_msg(timeout=None))
            content = message["content"]
            if message["parent_header"].get("msg_id") not in (parent_msg_id, ours):
                continue
            if message["msg_type"] == "error" and message["parent_header"]["msg_id"] == ours:
                raise NotebookFailure(f"cell {cell_index + 1}: the kernel cannot say that all outputs are sent: {content['evalue']}")
            if MARK in content.get("data", {}):
                displayed = True
                self.rejected = json.loads(content["data"][MARK])
                continue
            if message["msg_type"] == "stream" and f"{MARK}\n" in content["text"]:
                printed = True
                content["text"] = content["text"].replace(f"{MARK}\n", "")
                if not content["text"]:
                    continue
            if message["msg_type"] not in ("status", "execute_input"):
                self.process_message(message, cell, cell_index)


def main() -> int:
    arguments = argparse.ArgumentParser(description="Run notebooks with the Deno kernel.")
    arguments.add_argument("notebooks", nargs="+", type=Path)
    arguments.add_argument("--output", required=True, type=Path, help="folder for the executed copies")
    arguments.add_argument("--parameters", default="{}", help="JSON object assigned to `settings`")
    options = arguments.parse_args()
    os.environ["JUPYTER_PATH"] = str(Path(sys.prefix) / "share" / "jupyter")
    return asyncio.run(run_all(options))


async def run_all(options: argparse.Namespace) -> int:
    started = time.monotonic()
    timings = {}
    count = len(options.notebooks)
    ready = start(options.notebooks[0], options)
    try:
        for number, path in enumerate(options.notebooks, 1):
            client, ready = await ready, None
            if number < count:
                ready = start(options.notebooks[number], options)
            try:
                seconds, cells = await run(client, path, options)
            except NotebookFailure as failure:
                print(f"report: {path.name}, {failure}", file=sys.stderr)
                return 1
            timings[path.stem] = {"cells": cells, "seconds": seconds}
            print(f"[{number}/{count}] {path.stem:<26} {cells:>3} cells {seconds:>7.1f} s", file=sys.stderr)
    finally:
        print(json.dumps(timings))
        if ready:
            await (await ready)._async_cleanup_kernel()
    print(f"{count} notebooks ran in {time.monotonic() - started:.1f} s", file=sys.stderr)
    return 0


def start(path: Path, options: argparse.Namespace) -> asyncio.Task:
    """Starts the kernel of a notebook and loads the library in it; gives the client when that is done."""
    notebook = nbformat.read(path, as_version=4)
    inject(notebook, json.loads(options.parameters))
    client = FlushingClient(
        notebook,
        timeout=CELL_SECONDS,
        kernel_name="deno",
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
        iopub_timeout=OUTPUT_SECONDS,
        raise_on_iopub_timeout=True,
        coalesce_streams=True,
    )

    async def prepare() -> FlushingClient:
        client.create_kernel_manager()
        await client.async_start_new_kernel()
        await client.async_start_new_kernel_client()
        client.open_asker()
        client.reset_execution_trackers()
        await hidden(client, PREPARE)
        return client

    return asyncio.ensure_future(prepare())


async def run(client: FlushingClient, path: Path, options: argparse.Namespace) -> tuple[float, int]:
    """Runs the cells of a notebook and writes its copy; gives seconds and the number of code cells."""
    notebook = client.nb
    started = time.monotonic()
    try:
        async with client.async_setup_kernel():
            await run_cells(client)
        notebook.metadata["language_info"] = {"name": "typescript", "file_extension": ".ts"}
    except (DeadKernelError, CellTimeoutError) as error:
        raise NotebookFailure(f"{type(error).__name__}: {str(error).splitlines()[0]}") from error
    finally:
        # A failed run writes its copy too: it shows how far the run came.
        options.output.mkdir(parents=True, exist_ok=True)
        target = options.output / path.name
        temporary = target.with_suffix(".part")
        nbformat.write(notebook, temporary)
        os.replace(temporary, target)
    return time.monotonic() - started, sum(cell.cell_type == "code" for cell in notebook.cells)


async def run_cells(client: FlushingClient) -> None:
    notebook = client.nb
    last = max((i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"), default=0)
    for index, cell in enumerate(notebook.cells):
        if index == last:
            client.flush_milliseconds = LAST_FLUSH_MILLISECONDS
        try:
            await client.async_execute_cell(cell, index, execution_count=client.code_cells_executed + 1)
        except CellExecutionError as error:
            raise NotebookFailure(f"cell {index + 1}: {explain(error, notebook, index)}") from error
        if client.rejected:
            lost = "; ".join(client.rejected)
            raise NotebookFailure(f"cell {index + 1}: a promise was rejected and never awaited: {lost}")


async def hidden(client: FlushingClient, code: str) -> None:
    """Runs code that is not part of the notebook."""
    cell = nbformat.v4.new_code_cell(code)
    cells = client.nb.cells
    client.nb.cells = [cell]
    try:
        await client.async_execute_cell(cell, 0, store_history=False)
    finally:
        client.nb.cells = cells
        client.code_cells_executed = 0


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
    """The message of an error. The kernel gives none when a cell fails before it runs; then the type checker does."""
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
