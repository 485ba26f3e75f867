using System.Globalization;
using Mcu.Generator.Diagnostics;
using Spectre.Console;

namespace Mcu.Tool.Cli;

/// <summary>
/// Shows on stderr what a long command is doing: a spinner on a terminal, else one plain line for every stage that takes
/// more than a few seconds.
/// </summary>
internal static class WorkDisplay
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Runs the work, which says its stage as it goes.</summary>
    public static async Task<T> RunAsync<T>(CommandContext context, string title, Func<Action<string>, Task<T>> work)
    {
        IAnsiConsole console = CommandContext.ConsoleOn(context.Error);
        if (console.Profile.Out.IsTerminal)
        {
            return await console.Status().StartAsync(
                Markup.Escape(title), status => work(stage => status.Status(Markup.Escape(Printable.Text(stage)))));
        }

        var lines = new SlowStages(context, title);
        await using var timer = new Timer(_ => lines.Tick(), null, Patience, Patience);
        return await work(lines.Enter);
    }

    /// <summary>A stage with its share done, such as <c>calibrate 40 %</c>.</summary>
    public static string Stage(string name, double fraction) =>
        fraction > 0 ? string.Create(CultureInfo.InvariantCulture, $"{name} {fraction:P0}") : name;

    private sealed class SlowStages(CommandContext context, string title)
    {
        private readonly Lock gate = new();
        private string stage = title;
        private string said = "";

        public void Enter(string next)
        {
            lock (gate)
            {
                stage = next;
            }
        }

        public void Tick()
        {
            lock (gate)
            {
                if (stage != said)
                {
                    said = stage;
                    context.Say($"mcu: {stage} ...");
                }
            }
        }
    }
}
