#include "report/report.h"

#include <algorithm>
#include <functional>
#include <map>
#include <string_view>

#include "base/error.h"
#include "base/files.h"
#include "base/sha.h"
#include "report/certainty_section.h"
#include "report/classes_section.h"
#include "report/confusion.h"
#include "report/cost_section.h"
#include "report/curves_section.h"
#include "report/gallery.h"
#include "report/headline.h"
#include "report/html.h"
#include "report/image_scores.h"
#include "report/page_files.h"
#include "report/pictures_section.h"
#include "report/result_json.h"
#include "report/results_section.h"
#include "report/runs_section.h"
#include "report/table.h"
#include "report/table_csv.h"
#include "report/table_latex.h"
#include "report/table_markdown.h"

namespace seglab {
namespace {

constexpr int kRenewSeconds = 20;

struct Section {
  const char* id;
  const char* title;
  std::string html;
};

/// "Made on 2015-06-08 with `seglab run table2`: libtorch 2.1.0 · cpu ... · threads 8."
std::string MadeLine(const ExperimentResult& result) {
  std::string date, facts;
  for (const auto& [key, value] : EnvironmentTexts(result.environment)) {
    if (key == "date") {
      date = " on " + EscapeHtml(value);
    } else {
      facts += (facts.empty() ? "" : " · ") + EscapeHtml(key) + " " + EscapeHtml(value);
    }
  }
  if (date.empty() && facts.empty() && result.command.empty()) return "";
  const std::string command =
      result.command.empty() ? "" : " with <code>" + EscapeHtml(result.command) + "</code>";
  return "<p class=\"made\">Made" + date + command + (facts.empty() ? "" : ": " + facts) +
         ".</p>\n";
}

/// Empty lines part paragraphs.
std::string Paragraphs(const std::string& text) {
  std::string html;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find("\n\n", begin), text.size());
    if (end > begin) html += "<p>" + EscapeHtml(text.substr(begin, end - begin)) + "</p>\n";
    begin = end + 2;
  }
  return html;
}

/// The skeleton with its places @NAME@ filled. What is filled in is not looked at again.
std::string Filled(std::string_view skeleton,
                   const std::map<std::string, std::string, std::less<>>& places) {
  std::string page;
  for (size_t begin = 0; begin < skeleton.size();) {
    const size_t at = skeleton.find('@', begin), end = skeleton.find('@', at + 1);
    if (at == std::string_view::npos || end == std::string_view::npos) {
      page += skeleton.substr(begin);
      break;
    }
    page += skeleton.substr(begin, at - begin);
    page += places.find(skeleton.substr(at + 1, end - at - 1))->second;
    begin = end + 1;
  }
  return page;
}

}  // namespace

std::string ReportHtml(const ExperimentResult& result, const Certainty& certainty) {
  const std::string title = EscapeHtml(result.title.empty() ? result.name : result.title);
  const std::vector<Gallery> galleries = MakeGalleries(result);
  const Section sections[] = {
      {"results", "Results", ResultsSection(result)},
      {"certainty", "How sure", CertaintySection(certainty, result.columns)},
      {"cost", "Cost", CostSection(result)},
      {"curves", "Curves", CurvesSection(result)},
      {"pictures", "Pictures", PicturesSection(result, galleries)},
      {"classes", "Classes", ClassesSection(result)},
      {"confusions", "Confusions", ConfusionSection(result)},
      {"runs", "Runs", RunsSection(result)}};
  std::string links, body;
  for (const Section& section : sections) {
    if (section.html.empty()) continue;
    links += std::string("<a href=\"#") + section.id + "\">" + section.title + "</a>";
    body += section.html;
  }
  std::string introduction = Paragraphs(result.description);
  if (!result.paper_ref.empty())
    introduction += "<p>Paper: " + EscapeHtml(result.paper_ref) + "</p>\n";
  introduction += MadeLine(result);
  const bool goes_on = std::any_of(
      result.unfinished.begin(), result.unfinished.end(),
      [](const UnfinishedRun& run) { return run.state == UnfinishedRun::State::kWaiting; });
  return Filled(kPageHtml,
                {{"TITLE", title},
                 // While runs are trained the page renews itself.
                 {"RENEW", goes_on ? StrCat(" data-renew=\"", kRenewSeconds, "\"") : ""},
                 {"REFRESH", goes_on ? StrCat("<noscript><meta http-equiv=\"refresh\" content=\"",
                                              kRenewSeconds, "\"></noscript>\n")
                                     : ""},
                 {"SCRIPT", kPageScript},
                 {"SCRIPTHASH", Base64(Sha256Bytes(kPageScript))},
                 {"HEADLINE", HeadlineHtml(result, certainty, galleries)},
                 {"STYLE", kPageCss},
                 {"INTRODUCTION", introduction},
                 {"LINKS", links},
                 {"SECTIONS", body}});
}

void WriteTablesAndPage(const ExperimentResult& result, const Certainty& certainty) {
  const auto write = [&result](const char* name, const std::string& content) {
    WriteFileAtomically(JoinPath(result.folder, name), std::string_view(content));
  };
  write("table.md", TableMarkdown(result));
  write("table.csv", TableCsv(result));
  write("table.tex", TableLatex(result));
  WriteImageScores(result, JoinPath(result.folder, "images.csv"));
  write("report.html", ReportHtml(result, certainty));
}

void WriteReports(const ExperimentResult& result, const Certainty& certainty) {
  WriteFileAtomically(JoinPath(result.folder, "result.json"),
                      std::string_view(ResultToJson(result, certainty)));
  WriteTablesAndPage(result, certainty);
}

}  // namespace seglab
