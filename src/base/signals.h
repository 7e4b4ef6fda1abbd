#pragma once

namespace seglab {

/// From now on SIGINT and SIGTERM only note the wish to stop (a second one ends the process at
/// once); long loops ask StopRequested(), save their state and throw Stopped.
void InstallStopHandlers();

/// The signal that asked for a stop, or 0.
int StopRequested();

}  // namespace seglab
