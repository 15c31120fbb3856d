"""The driver's side of the Spark engine: opens a session (and a cluster on this machine, when no master is named) and
runs the jobs that come as lines of JSON on standard input; answers are lines of JSON on standard output. When standard
input ends, so do the session and the cluster: whoever asked is gone."""

import base64
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

import bridge
import pyarrow as pa
import pyarrow.parquet as pq
import pyspark
from pyspark import StorageLevel
from pyspark.sql import SparkSession
from pyspark.sql import functions as sf

SPARK_HOME = os.environ["SPARK_HOME"] = os.path.dirname(pyspark.__file__)
# The work is done in Deno: the JVM only carries, and on a small machine its compiler would take what the work needs.
JAVA_OPTIONS = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
HERE = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
}
children = []


def main():
    options = json.loads(sys.stdin.readline())
    folder = tempfile.mkdtemp(prefix="segue-spark-")
    lines = read_lines(folder)
    try:
        if not options.get("master"):
            os.environ["JDK_JAVA_OPTIONS"] = JAVA_OPTIONS
        master = options.get("master") or start_cluster(folder, options["executors"], options["memory"])
        session = open_session(master, options, folder)
        driver = Driver(session, options["command"])
        answer({"pids": [child.pid for child in children]})
        for line in lines:
            driver.handle(json.loads(line))
    except Exception as error:  # noqa: BLE001 - whatever it is, the other side must hear of it
        answer({"error": {"message": " ".join(str(error).split())[:2000], "input": False}})
    finally:
        end(folder)


def read_lines(folder):
    """Lines of standard input, read by a thread so that its end is noticed while a job runs."""
    import queue

    waiting = queue.Queue()

    def read():
        for line in sys.stdin:
            waiting.put(line)
        end(folder)

    threading.Thread(target=read, daemon=True).start()
    return iter(waiting.get, None)


def end(folder):
    for child in reversed(children):
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    shutil.rmtree(folder, ignore_errors=True)
    # The JVM of the session ends with its standard input, which this process holds.
    os._exit(0)


def answer(value):
    print(json.dumps(value), flush=True)


def start_cluster(folder, executors, memory):
    """One master and a worker of one core an executor, all on 127.0.0.1, at ports that are free."""
    master = start_daemon(folder, "master", "master.Master", ["--host", "127.0.0.1", "--port", "0", "--webui-port", "0"])
    address = wait_for(master, r"Starting Spark master at (spark://\S+)")
    work = ["--host", "127.0.0.1", "--port", "0", "--webui-port", "0", "--cores", "1", "--memory", memory]
    for number in range(executors):
        name = f"worker{number}"
        start_daemon(folder, name, "worker.Worker", [*work, "--work-dir", os.path.join(folder, name), address])
    return address


def start_daemon(folder, name, kind, arguments):
    command = [os.path.join(SPARK_HOME, "bin", "spark-class"), f"org.apache.spark.deploy.{kind}", *arguments]
    environment = {
        **os.environ,
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_DAEMON_MEMORY": "512m",
        "SPARK_LOCAL_DIRS": folder,
    }
    log = open(os.path.join(folder, f"{name}.log"), "wb")
    child = subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
    )
    child.log = log.name
    children.append(child)
    return child


def wait_for(child, pattern, seconds=60):
    for _ in range(seconds * 10):
        with open(child.log, encoding="utf8", errors="replace") as log:
            text = log.read()
        found = re.search(pattern, text)
        if found:
            return found[1]
        if child.poll() is not None:
            raise RuntimeError(f"Spark's master ended: {text.strip().splitlines()[-1:]}")
        time.sleep(0.1)
    raise RuntimeError("Spark's master did not start within a minute")


def open_session(master, options, folder):
    here = master.startswith("spark://127.0.0.1:")
    settings = {
        "spark.master": master,
        "spark.app.name": "segue",
        "spark.cores.max": options["executors"],
        "spark.executor.cores": 1,
        "spark.executor.memory": options["executorMemory"],
        "spark.driver.maxResultSize": "0",
        "spark.ui.port": 0,
        "spark.ui.showConsoleProgress": "false",
        "spark.local.dir": folder,
        "spark.executorEnv.PYTHONDONTWRITEBYTECODE": 1,
        # A partition is what a step is told of: none may be split or joined behind its back.
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.execution.arrow.maxRecordsPerBatch": bridge.TABLE_ROWS,
        "spark.sql.session.timeZone": "UTC",
        "spark.scheduler.minRegisteredResourcesRatio": 1.0,
        "spark.scheduler.maxRegisteredResourcesWaitingTime": "20s",
        # Ask twice, a second apart, for the files of an executor that is gone; then make them again.
        "spark.shuffle.io.maxRetries": 2,
        "spark.shuffle.io.retryWait": "1s",
        **(HERE if here else {}),
    }
    builder = SparkSession.builder
    for name, value in settings.items():
        builder = builder.config(name, str(value))
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    session.sparkContext.addPyFile(os.path.join(os.path.dirname(os.path.abspath(__file__)), "bridge.py"))
    return session


class Driver:
    def __init__(self, session, command):
        self.session = session
        self.context = session.sparkContext
        self.command = command
        self.kept = {}
        self.values = {}
        self.jobs = 0

    def handle(self, request):
        self.jobs += 1
        self.context.setJobGroup(f"segue-{self.jobs}", request["name"])
        start = time.perf_counter()
        try:
            files, peak = self.run(request)
            statistics = {"seconds": time.perf_counter() - start, "peakTaskMiB": peak, **self.costs()}
            answer({"files": files, "statistics": statistics})
        except Exception as error:  # noqa: BLE001 - whatever it is, the other side must hear of it
            answer({"error": failure_of(error)})

    def run(self, request):
        rows, read = self.source(request["source"], request["partitions"], request["keep"])
        file = request["source"].get("path", "")
        peak = self.context.accumulator(0.0, bridge.Largest())
        for step in request["steps"]:
            shuffle = step.get("shuffle")
            if shuffle:
                rows = rows.repartitionById(shuffle["partitions"], "part").sortWithinPartitions(*shuffle["order"])
            value = self.broadcast(step["broadcast"])
            function = bridge.PartitionFunction(self.command, step["step"], value, file, peak, read)
            rows = rows.mapInArrow(function, step["schema"])
            read = None
        folder = request["staging"]
        os.makedirs(folder, exist_ok=True)
        if not request["large"]:
            path = os.path.join(folder, "result.arrow")
            write_stream(path, rows.toArrow())
            return [path], peak.value
        parquet = os.path.join(folder, "parquet")
        rows.write.parquet(parquet)
        files = []
        for number, part in enumerate(sorted(glob.glob(os.path.join(parquet, "part-*.parquet")))):
            files.append(os.path.join(folder, f"{number}.arrow"))
            write_stream(files[-1], pq.read_table(part))
            os.remove(part)
        return files, peak.value

    def source(self, source, partitions, keep):
        """The rows, and what reads them where Spark does not."""
        if source["kind"] == "items":
            count = source["count"]
            return self.session.range(0, count, 1, count), bridge.read_items
        if source["kind"] == "npy":
            shape = source["shape"]
            count = max(1, min(partitions, shape["rows"]))
            read = bridge.MatrixReader(source["path"], shape["rows"], shape["columns"], shape["offset"], count)
            return self.session.range(0, count, 1, count), read
        key = json.dumps([source, partitions])
        if key in self.kept:
            return self.kept[key], None
        rows = self.session.read.parquet(source["path"])
        names = [name for name in source["columns"] if name in rows.columns]
        row = sf.col("_metadata.row_index").cast("int").alias("row")
        rows = rows.select(row, *[sf.col(f"`{name}`") for name in names])
        if source.get("by"):
            by = f"`{source['by']}`"
            rows = rows.repartition(partitions, by).sortWithinPartitions(by, "row")
        elif rows.rdd.getNumPartitions() < partitions:
            count = pq.ParquetFile(source["path"]).metadata.num_rows if os.path.isfile(source["path"]) else rows.count()
            part = sf.floor(sf.col("row") * partitions / max(1, count)).cast("int")
            rows = rows.repartitionById(partitions, part).sortWithinPartitions("row")
        if keep:
            rows = rows.persist(StorageLevel.MEMORY_AND_DISK)
            self.kept[key] = rows
        return rows, None

    def broadcast(self, path):
        """A broadcast value by the file that holds it, whose name is a hash of what is in it."""
        if path not in self.values:
            with open(path, "rb") as file:
                self.values[path] = self.context.broadcast(file.read())
        return self.values[path]

    def costs(self):
        """Tasks and bytes shuffled of this job, as Spark's own status page has them."""
        base = f"{self.context.uiWebUrl}/api/v1/applications/{self.context.applicationId}"
        jobs = [job for job in get_json(f"{base}/jobs") if job.get("jobGroup") == f"segue-{self.jobs}"]
        wanted = {stage for job in jobs for stage in job["stageIds"]}
        stages = [stage for stage in get_json(f"{base}/stages") if stage["stageId"] in wanted]
        return {
            "tasks": sum(stage["numCompleteTasks"] for stage in stages),
            "stepSeconds": [stage["executorRunTime"] / 1000 for stage in sorted(stages, key=lambda stage: stage["stageId"])],
            "shuffleBytes": sum(stage["shuffleWriteBytes"] for stage in stages),
        }


def get_json(url):
    with urllib.request.urlopen(url, timeout=30) as response:
        return json.load(response)


def write_stream(path, table):
    with pa.OSFile(path, "wb") as sink, pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)


def failure_of(error):
    text = str(error)
    found = re.search(r"SEGUE<([A-Za-z0-9+/=]+)>", text)
    if found:
        return json.loads(base64.b64decode(found[1]))
    return {"message": " ".join(text.split())[:2000], "input": False}


main()
