using Mcu.Generator.Graphs;

namespace Mcu.Generator.Ingest.Peft;

/// <summary>
/// <c>feedforward_modules</c> of (IA)³: one regular expression over whole module names, or a list of names of which one must end
/// the module's (as in PEFT's <c>IA3Model</c>).
/// </summary>
internal sealed class FeedforwardModules
{
    private readonly PatternKeys<bool>? pattern;
    private readonly EquatableArray<string> endings = [];

    /// <param name="expression">Regular expression; MCU0423 where it is none.</param>
    public FeedforwardModules(string expression, string location) =>
        pattern = new PatternKeys<bool>([KeyValuePair.Create(expression, true)], location, wholeNames: true);

    public FeedforwardModules(EquatableArray<string> endings) => this.endings = endings;

    public bool Contains(string module) =>
        pattern?.Resolve(module, fallback: false) ?? endings.Any(e => module.EndsWith(e, StringComparison.Ordinal));
}
