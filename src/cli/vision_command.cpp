#include "cli/vision_commands.hpp"

namespace ounce::cli {

void add_vision_command(CLI::App& app, Chosen& chosen) {
    auto* const vision = app.add_subcommand("vision", "Projects on the hub that learn from photographs");
    vision->require_subcommand(1);
    add_vision_project_command(*vision, chosen);
    add_vision_tag_command(*vision, chosen);
    add_vision_upload_command(*vision, chosen);
    add_vision_train_command(*vision, chosen);
    add_vision_performance_command(*vision, chosen);
    add_vision_publish_command(*vision, chosen);
    add_vision_classify_command(*vision, chosen);
    add_vision_export_command(*vision, chosen);
    vision->footer(
        "Projects, tags and iterations go by name or id.\n"
        "Example: ounce vision project create leopards\n"
        "         ounce vision upload leopards photographs/\n"
        "         ounce vision train leopards\n"
        "         ounce vision publish leopards --as current\n"
        "         ounce vision classify leopards current new.jpg\n");
}

}  // namespace ounce::cli
