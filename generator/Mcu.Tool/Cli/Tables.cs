using Spectre.Console;

namespace Mcu.Tool.Cli;

/// <summary>The one look of all tables.</summary>
internal static class Tables
{
    public static Table Create(params string[] columns)
    {
        Table table = new Table().Border(TableBorder.Simple);
        foreach (string column in columns)
        {
            table.AddColumn(new TableColumn(Markup.Escape(column)).NoWrap());
        }

        return table;
    }

    /// <summary>Aligns columns of numbers to the right.</summary>
    public static Table Right(this Table table, params int[] columns)
    {
        foreach (int column in columns)
        {
            table.Columns[column].RightAligned();
        }

        return table;
    }
}
