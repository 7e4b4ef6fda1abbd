#include "experiment/slurm.h"

#include <sys/wait.h>

#include <cstdio>
#include <map>
#include <memory>

#include "base/error.h"
#include "base/files.h"
#include "base/names.h"
#include "base/shell_word.h"
#include "experiment/collect.h"

namespace seglab {
namespace {

/// Seconds before the end of its time at which a run is told.
constexpr int kNotice = 120;

bool IsToBeMade(const PlannedRun& run, const std::vector<PlannedRun>& plan) {
  return run.status != RunStatus::kFinished &&
         StateOf(run, plan).state == UnfinishedRun::State::kWaiting;
}

/// What a program prints. @throws Error where it fails
std::string OutputOf(const std::string& command) {
  std::FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) throw Error("sbatch cannot be started");
  std::string output;
  char part[512];
  while (std::fgets(part, sizeof part, pipe) != nullptr) output += part;
  const int status = ::pclose(pipe);
  while (!output.empty() && output.back() == '\n') output.pop_back();
  if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
    throw Error("sbatch is not found: --launcher slurm is for a machine that submits to Slurm");
  if (status != 0) throw Error("sbatch refuses the job: ", output, "; see --sbatch");
  return output;
}

/// Submits a script. @param more  options of sbatch. @return the job's number
std::string Submit(const SlurmOptions& options, const std::vector<std::string>& more,
                   const std::string& script) {
  std::vector<std::string> words = {"sbatch", "--parsable", "--job-name=" + options.name,
                                    "--open-mode=append"};
  words.insert(words.end(), more.begin(), more.end());
  words.insert(words.end(), options.sbatch.begin(), options.sbatch.end());
  words.push_back(script);
  const std::string output = OutputOf(ShellWords(words));
  // Remarks may stand before it; behind it, parted by ";", the name of a cluster.
  const std::string last = output.substr(output.rfind('\n') + 1);
  const std::string job = last.substr(0, last.find(';'));
  if (job.empty() || job.find_first_not_of("0123456789") != std::string::npos)
    throw Error("sbatch says \"", output, "\" where the number of a job was expected");
  return job;
}

std::string ReportScript(const SlurmOptions& options) {
  return "#!/bin/sh\nexec " + ShellWords(options.command) + " --report\n";
}

}  // namespace

std::vector<SlurmArray> SlurmArrays(const std::vector<PlannedRun>& plan) {
  std::vector<SlurmArray> arrays;
  std::map<std::string, size_t> by_init;
  for (const PlannedRun& run : plan) {
    if (!IsToBeMade(run, plan)) continue;
    const PlannedRun* init = FindRun(plan, run.spec.init_run);
    const std::string start = init != nullptr && IsToBeMade(*init, plan) ? init->spec.name : "";
    const auto [at, is_new] = by_init.emplace(start, arrays.size());
    if (is_new) arrays.push_back({start, {}});
    arrays[at->second].runs.push_back(run.spec.name);
  }
  return arrays;
}

std::string SlurmScript(const SlurmOptions& options, const SlurmArray& array) {
  std::vector<std::string> words = options.command;
  if (options.processes > 1) words.insert(words.begin(), {"srun", "--kill-on-bad-exit=1"});
  // srun would end its tasks at once: they are told themselves.
  const std::string tell =
      options.processes > 1 ? R"(scancel --signal=TERM "$SLURM_JOB_ID.0")" : "kill -TERM $child";
  return R"(#!/bin/sh
# Makes one of these runs: the one of this task's number.
run=$(sed -n "$((SLURM_ARRAY_TASK_ID + 1))p" << 'END OF RUNS'
)" + Join(array.runs, "\n") +
         R"(
END OF RUNS
)
if [ -z "$run" ]; then
  echo "no run has the number $SLURM_ARRAY_TASK_ID" >&2
  exit 1
fi
echo "task ${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID on $(hostname): $run"
if [ -n "$SLURM_CPUS_PER_TASK" ]; then export SRUN_CPUS_PER_TASK="$SLURM_CPUS_PER_TASK"; fi
again=no
)" + ShellWords(words) +
         R"( --only "$run" &
child=$!
# Its time is nearly over: what it has is saved, and it is queued again.
trap 'again=yes; )" +
         tell + R"(' USR1
# Slurm has told the child itself; this script waits for it.
trap : TERM
wait $child
status=$?
while kill -0 $child 2> /dev/null; do
  wait $child
  status=$?
done
if [ $again = yes ] && [ $status -ne 0 ]; then
  scontrol requeue "$SLURM_JOB_ID"
fi
exit $status
)";
}

std::string SubmitToSlurm(const std::vector<PlannedRun>& plan, const SlurmOptions& options) {
  const std::vector<SlurmArray> arrays = SlurmArrays(plan);
  if (arrays.empty()) return "nothing is left to be made";
  MakeFolders(options.folder);
  std::map<std::string, std::string> tasks;  // by run: "12_3"
  std::vector<std::string> jobs;
  std::string text;
  for (const SlurmArray& array : arrays) {
    const std::string stem = JoinPath(options.folder, StrCat("array-", tasks.size()));
    WriteFileAtomically(stem + ".sh", SlurmScript(options, array));
    std::vector<std::string> more = {StrCat("--array=0-", array.runs.size() - 1), "--requeue",
                                     "--output=" + JoinPath(options.folder, "%A_%a.log"),
                                     StrCat("--signal=B:USR1@", kNotice)};
    if (options.processes > 1) more.push_back(StrCat("--ntasks=", options.processes));
    // Not afterok: a run that is left out says so, instead of waiting for ever.
    if (!array.init.empty()) more.push_back("--dependency=afterany:" + tasks.at(array.init));
    const std::string job = Submit(options, more, stem + ".sh");
    for (size_t number = 0; number < array.runs.size(); ++number)
      tasks[array.runs[number]] = StrCat(job, "_", number);
    jobs.push_back(job);
    text += StrCat("  job ", job, ", ",
                   array.runs.size() == 1 ? "1 run" : StrCat(array.runs.size(), " runs"),
                   array.init.empty() ? "" : " when " + array.init + " has ended", ": ",
                   Join(array.runs), "\n");
  }
  const std::string script = JoinPath(options.folder, "report.sh");
  WriteFileAtomically(script, ReportScript(options));
  const std::string report = Submit(options,
                                    {"--dependency=afterany:" + Join(jobs, ":"),
                                     "--output=" + JoinPath(options.folder, "%j.log")},
                                    script);
  return StrCat("submitted to Slurm:\n", text, "  job ", report, ": the report\n",
                "logs: ", options.folder, "; all are ended by: scancel ", Join(jobs, " "), " ",
                report);
}

}  // namespace seglab
