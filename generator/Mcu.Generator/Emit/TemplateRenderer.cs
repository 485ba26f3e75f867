using System.Collections.Concurrent;
using Scriban;
using Scriban.Runtime;

namespace Mcu.Generator.Emit;

/// <summary>
/// Renders the templates with finished values. A misspelt variable or member is an exception, not an empty string;
/// output is neither cut nor dependent on the platform's line end. Templates are our own and parsed once.
/// </summary>
internal sealed class TemplateRenderer
{
    private readonly ConcurrentDictionary<string, Template> parsed = new(StringComparer.Ordinal);

    /// <summary>
    /// Renders the template at a path. Members of .NET objects are seen in snake_case, as Scriban does; text is not
    /// escaped unless the template says so.
    /// </summary>
    /// <param name="path">As for <see cref="Templates.Read"/>.</param>
    /// <param name="values">The variables of the template.</param>
    public string Render(string path, IReadOnlyDictionary<string, object?> values)
    {
        var globals = new ScriptObject(StringComparer.Ordinal);
        foreach ((string name, object? value) in values)
        {
            globals.SetValue(name, value, readOnly: true);
        }

        TemplateContext context = NewContext();
        context.PushGlobal(globals);
        return parsed.GetOrAdd(path, Parse).Render(context);
    }

    private static Template Parse(string path)
    {
        var template = Template.Parse(Templates.Read(path), path);
        return template.HasErrors
            ? throw new InvalidOperationException(string.Join("\n", template.Messages))
            : template;
    }

    private static TemplateContext NewContext() => new()
    {
        StrictVariables = true,
        EnableRelaxedMemberAccess = false,
        EnableRelaxedTargetAccess = false,
        EnableRelaxedFunctionAccess = false,
        EnableRelaxedIndexerAccess = false,
        EnableNullIndexer = false,
        LoopLimit = int.MaxValue,
        LoopLimitQueryable = int.MaxValue,
        LimitToString = int.MaxValue,
        NewLine = "\n",
    };
}
