"""A Slurm of its own on this machine: munge, a controller and two nodes of one core each."""

import os
import shutil
import socket
import subprocess
import time

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scontrol")
CONFIG = """ClusterName=seglab
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.sock
SlurmctldPort={ports[0]}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
ReturnToService=2
SchedulerType=sched/builtin
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
JobRequeue=1
MinJobAge=3600
NodeName=one NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=1
NodeName=two NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=1
PartitionName=all Nodes=one,two Default=YES MaxTime=INFINITE State=UP
"""


def why_not():
    """What this machine lacks, or ""."""
    if os.geteuid() != 0:
        return "not root"
    missing = [name for name in PROGRAMS[:6] if shutil.which(name) is None]
    return "no " + ", ".join(missing) if missing else ""


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Cluster:
    def __init__(self, folder):
        self.folder = folder
        os.makedirs(os.path.join(folder, "state"))
        self.config = os.path.join(folder, "slurm.conf")
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(CONFIG.format(host=socket.gethostname(), folder=folder, ports=free_ports(3)))
        key = os.path.join(folder, "munge.key")
        with open(os.open(key, os.O_WRONLY | os.O_CREAT, 0o400), "wb") as file:
            file.write(os.urandom(1024))
        self.environment = dict(os.environ, SLURM_CONF=self.config)
        own = "munge.{0}".format
        self.started = []
        try:
            self.start("munged", "--foreground", "--force", "--key-file=" + key,
                       "--socket=" + self.path(own("sock")), "--pid-file=" + self.path(own("pid")),
                       "--log-file=" + self.path(own("log")), "--seed-file=" + self.path(own("seed")))
            self.wait_for(lambda: os.path.exists(self.path("munge.sock")))
            self.start("slurmctld", "-D", "-c")
            for node in ("one", "two"):
                self.start("slurmd", "-D", "-N", node)
            self.wait_for(lambda: self.call("sinfo", "-h", "-o", "%D %t").strip() == "2 idle")
        except BaseException:
            self.stop()
            raise

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self, *command):
        self.started.append(subprocess.Popen(command, env=self.environment,
                                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

    def wait_for(self, true, seconds=60):
        until = time.monotonic() + seconds
        while not true():
            if time.monotonic() > until:
                raise RuntimeError("the cluster does not come up: " + self.logs())
            time.sleep(0.1)

    def logs(self):
        text = ""
        for name in sorted(os.listdir(self.folder)):
            if name.endswith(".log"):
                with open(self.path(name), encoding="utf-8", errors="replace") as file:
                    text += "\n--- %s\n%s" % (name, file.read()[-1500:])
        return text

    def call(self, *command):
        done = subprocess.run(command, env=self.environment, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, universal_newlines=True, timeout=300)
        return done.stdout

    def states(self):
        """By "12_3" or "12": the state and exit code of every task that is known."""
        states = {}
        for line in self.call("scontrol", "-o", "-a", "show", "job").splitlines():
            fields = dict(word.split("=", 1) for word in line.split() if "=" in word)
            if "JobState" not in fields:
                continue
            name = fields["JobId"]
            if "ArrayTaskId" in fields:
                name = fields["ArrayJobId"] + "_" + fields["ArrayTaskId"]
            states[name] = (fields["JobState"], fields["ExitCode"].split(":")[0])
        return states

    def wait_until_empty(self, seconds=300):
        """@return the states of all jobs at the end"""
        self.wait_for(lambda: self.call("squeue", "-h").strip() == "", seconds)
        return self.states()

    def stop(self):
        for process in reversed(self.started):
            process.terminate()
        for process in self.started:
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
