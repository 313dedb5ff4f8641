#pragma once

#include "cli/commands.hpp"

namespace ounce::cli {

/// Each adds one command below `vision`, as the functions of commands.hpp do below `ounce`.
void add_vision_project_command(CLI::App& vision, Chosen& chosen);
void add_vision_tag_command(CLI::App& vision, Chosen& chosen);
void add_vision_upload_command(CLI::App& vision, Chosen& chosen);
void add_vision_train_command(CLI::App& vision, Chosen& chosen);
void add_vision_performance_command(CLI::App& vision, Chosen& chosen);
void add_vision_publish_command(CLI::App& vision, Chosen& chosen);
void add_vision_classify_command(CLI::App& vision, Chosen& chosen);
void add_vision_export_command(CLI::App& vision, Chosen& chosen);

}  // namespace ounce::cli
