#include "experiment/report.h"

#include <algorithm>

#include "base/files.h"
#include "experiment/html.h"
#include "experiment/report_parts.h"
#include "experiment/report_style.h"
#include "experiment/table.h"

namespace seglab {
namespace {

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

}  // namespace

std::string ReportHtml(const ExperimentResult& result) {
  const std::string title = EscapeHtml(result.title.empty() ? result.name : result.title);
  const Section sections[] = {{"results", "Results", ResultsSection(result)},
                              {"cost", "Cost", CostSection(result)},
                              {"curves", "Curves", CurvesSection(result)},
                              {"pictures", "Pictures", PicturesSection(result)},
                              {"classes", "Classes", ClassesSection(result)},
                              {"runs", "Runs", RunsSection(result)}};
  std::string links, body;
  for (const Section& section : sections) {
    if (section.html.empty()) continue;
    links += std::string("<a href=\"#") + section.id + "\">" + section.title + "</a>";
    body += section.html;
  }
  // The policy forbids scripts and everything that does not stand in this file.
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
         "<meta http-equiv=\"Content-Security-Policy\" "
         "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\n<title>" +
         title + "</title>\n<style>" + kReportStyle + "</style>\n</head>\n<body>\n<header>\n<h1>" +
         title + "</h1>\n" + Paragraphs(result.description) +
         (result.paper_ref.empty() ? "" : "<p>Paper: " + EscapeHtml(result.paper_ref) + "</p>\n") +
         MadeLine(result) + "<nav>" + links + "</nav>\n</header>\n<main>\n" + body +
         "</main>\n</body>\n</html>\n";
}

void WriteReports(const ExperimentResult& result) {
  const auto write = [&result](const char* name, const std::string& content) {
    WriteFileAtomically(JoinPath(result.folder, name), std::string_view(content));
  };
  write("result.json", ResultToJson(result));
  write("table.md", TableMarkdown(result));
  write("table.csv", TableCsv(result));
  write("table.tex", TableLatex(result));
  write("report.html", ReportHtml(result));
}

}  // namespace seglab
