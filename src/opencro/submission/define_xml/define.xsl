<?xml version="1.0" encoding="UTF-8"?>
<!-- Shows a Define-XML 2.1 document as one HTML page: no script, nothing loaded from elsewhere. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"
  xmlns:odm="http://www.cdisc.org/ns/odm/v1.3" xmlns:def="http://www.cdisc.org/ns/def/v2.1"
  xmlns:xlink="http://www.w3.org/1999/xlink" exclude-result-prefixes="odm def xlink">
  <xsl:output method="html" encoding="UTF-8" indent="no" doctype-system="about:legacy-compat"/>

  <xsl:key name="item" match="odm:ItemDef" use="@OID"/>
  <xsl:key name="codelist" match="odm:CodeList" use="@OID"/>
  <xsl:key name="method" match="odm:MethodDef" use="@OID"/>
  <xsl:key name="comment" match="def:CommentDef" use="@OID"/>
  <xsl:key name="standard" match="def:Standard" use="@OID"/>
  <xsl:key name="leaf" match="def:leaf" use="@ID"/>
  <xsl:key name="values" match="def:ValueListDef" use="@OID"/>
  <xsl:key name="clause" match="def:WhereClauseDef" use="@OID"/>
  <xsl:key name="place-of-item" match="odm:ItemGroupDef/odm:ItemRef" use="@ItemOID"/>

  <xsl:variable name="study" select="/odm:ODM/odm:Study"/>
  <xsl:variable name="metadata" select="$study/odm:MetaDataVersion"/>

  <xsl:template match="/">
    <html lang="en">
      <head>
        <meta charset="utf-8"/>
        <meta name="viewport" content="width=device-width, initial-scale=1"/>
        <title><xsl:value-of select="$study/odm:GlobalVariables/odm:StudyName"/> – data definitions</title>
        <xsl:call-template name="style"/>
      </head>
      <body>
        <a class="skip" href="#content">Skip to the content</a>
        <xsl:call-template name="navigation"/>
        <main id="content" tabindex="-1">
          <xsl:call-template name="opening"/>
          <xsl:call-template name="datasets"/>
          <xsl:apply-templates select="$metadata/odm:ItemGroupDef"/>
          <xsl:call-template name="value-level"/>
          <xsl:call-template name="codelists"/>
          <xsl:call-template name="methods"/>
          <xsl:call-template name="comments"/>
          <footer>
            Define-XML <xsl:value-of select="$metadata/@def:DefineVersion"/>, made
            <xsl:value-of select="translate(/odm:ODM/@CreationDateTime, 'T', ' ')"/>
            <xsl:if test="/odm:ODM/@Originator"> by <xsl:value-of select="/odm:ODM/@Originator"/></xsl:if>
          </footer>
        </main>
      </body>
    </html>
  </xsl:template>

  <!-- Navigation -->
  <xsl:template name="navigation">
    <nav aria-label="Contents">
      <p class="study"><a href="#content"><xsl:value-of select="$study/odm:GlobalVariables/odm:StudyName"/></a></p>
      <xsl:if test="$metadata/def:AnnotatedCRF or $metadata/def:SupplementalDoc">
        <p><a href="#documents">Documents</a></p>
      </xsl:if>
      <details open="open">
        <summary>Datasets <span class="count"><xsl:value-of select="count($metadata/odm:ItemGroupDef)"/></span></summary>
        <ul>
          <xsl:for-each select="$metadata/odm:ItemGroupDef">
            <li><a href="#{translate(@OID, ' ', '_')}"><b><xsl:value-of select="@Name"/></b>
              <xsl:text> </xsl:text><span><xsl:call-template name="words"/></span></a></li>
          </xsl:for-each>
        </ul>
      </details>
      <xsl:if test="$metadata/def:ValueListDef">
        <details>
          <summary>Value level <span class="count"><xsl:value-of select="count($metadata/def:ValueListDef)"/></span></summary>
          <ul>
            <xsl:for-each select="$metadata/def:ValueListDef">
              <li><a href="#{translate(@OID, ' ', '_')}"><xsl:call-template name="value-list-name"/></a></li>
            </xsl:for-each>
          </ul>
        </details>
      </xsl:if>
      <xsl:if test="$metadata/odm:CodeList">
        <details>
          <summary>Code lists <span class="count"><xsl:value-of select="count($metadata/odm:CodeList)"/></span></summary>
          <ul>
            <xsl:for-each select="$metadata/odm:CodeList">
              <xsl:sort select="@Name"/>
              <li><a href="#{translate(@OID, ' ', '_')}"><xsl:value-of select="@Name"/></a></li>
            </xsl:for-each>
          </ul>
        </details>
      </xsl:if>
      <xsl:if test="$metadata/odm:MethodDef"><p><a href="#methods">Methods</a></p></xsl:if>
      <xsl:if test="$metadata/def:CommentDef"><p><a href="#comments">Comments</a></p></xsl:if>
    </nav>
  </xsl:template>

  <!-- What study, which standards, which documents -->
  <xsl:template name="opening">
    <header>
      <p class="kicker">Data definitions<xsl:if test="/odm:ODM/@def:Context = 'Other'"> · not for submission</xsl:if></p>
      <h1><xsl:value-of select="$study/odm:GlobalVariables/odm:StudyName"/></h1>
      <p class="lead"><xsl:value-of select="$study/odm:GlobalVariables/odm:StudyDescription"/></p>
      <dl class="facts">
        <div><dt>Protocol</dt><dd><xsl:value-of select="$study/odm:GlobalVariables/odm:ProtocolName"/></dd></div>
        <div><dt>Version of the metadata</dt><dd><xsl:value-of select="$metadata/@Name"/></dd></div>
        <xsl:for-each select="$metadata/def:Standards/def:Standard">
          <div>
            <dt><xsl:choose><xsl:when test="@Type = 'CT'">Terminology</xsl:when><xsl:otherwise>Standard</xsl:otherwise></xsl:choose></dt>
            <dd><xsl:call-template name="standard-name"/>
              <xsl:if test="@Status != 'Final'"> (<xsl:value-of select="@Status"/>)</xsl:if>
              <xsl:call-template name="comment-link"/></dd>
          </div>
        </xsl:for-each>
      </dl>
      <xsl:if test="$metadata/@Description and $metadata/@Description != $study/odm:GlobalVariables/odm:StudyDescription">
        <p class="remark"><xsl:value-of select="$metadata/@Description"/></p>
      </xsl:if>
      <xsl:if test="$metadata/@def:CommentOID">
        <p><xsl:apply-templates select="key('comment', $metadata/@def:CommentOID)" mode="text"/></p>
      </xsl:if>
    </header>
    <xsl:if test="$metadata/def:AnnotatedCRF or $metadata/def:SupplementalDoc">
      <section id="documents" aria-labelledby="documents-title">
        <h2 id="documents-title">Documents</h2>
        <ul class="documents">
          <xsl:for-each select="$metadata/def:AnnotatedCRF/def:DocumentRef">
            <li><xsl:apply-templates select="."/> <span class="tag">annotated CRF</span></li>
          </xsl:for-each>
          <xsl:for-each select="$metadata/def:SupplementalDoc/def:DocumentRef">
            <li><xsl:apply-templates select="."/></li>
          </xsl:for-each>
        </ul>
      </section>
    </xsl:if>
  </xsl:template>

  <!-- Datasets -->
  <xsl:template name="datasets">
    <section id="datasets" aria-labelledby="datasets-title">
      <h2 id="datasets-title">Datasets</h2>
      <table role="table" aria-labelledby="datasets-title">
        <thead role="rowgroup"><tr role="row">
          <th role="columnheader" scope="col">Dataset</th><th role="columnheader" scope="col">Description</th>
          <th role="columnheader" scope="col">Class</th><th role="columnheader" scope="col">One row is</th>
          <th role="columnheader" scope="col">Keys</th><th role="columnheader" scope="col">File</th>
        </tr></thead>
        <tbody role="rowgroup">
          <xsl:for-each select="$metadata/odm:ItemGroupDef">
            <tr role="row">
              <td role="cell" data-label="Dataset"><a class="name" href="#{translate(@OID, ' ', '_')}"><xsl:value-of select="@Name"/></a>
                <xsl:call-template name="flags"/></td>
              <td role="cell" data-label="Description"><xsl:call-template name="words"/></td>
              <td role="cell" data-label="Class"><xsl:call-template name="class"/></td>
              <td role="cell" data-label="One row is"><xsl:value-of select="@def:Structure"/></td>
              <td role="cell" data-label="Keys"><xsl:call-template name="keys"/></td>
              <td role="cell" data-label="File"><xsl:apply-templates select="def:leaf"/></td>
            </tr>
          </xsl:for-each>
        </tbody>
      </table>
    </section>
  </xsl:template>

  <xsl:template name="class">
    <span class="soft"><xsl:value-of select="def:Class/@Name"/></span>
    <xsl:for-each select="def:Class/def:SubClass"><br/><span class="soft"><xsl:value-of select="@Name"/></span></xsl:for-each>
  </xsl:template>

  <xsl:template name="keys">
    <span class="keys">
      <xsl:for-each select="odm:ItemRef[@KeySequence]">
        <xsl:sort select="@KeySequence" data-type="number"/>
        <xsl:if test="position() &gt; 1">, </xsl:if><xsl:value-of select="key('item', @ItemOID)/@Name"/>
      </xsl:for-each>
    </span>
  </xsl:template>

  <xsl:template name="flags">
    <xsl:if test="@def:IsNonStandard = 'Yes'"><xsl:text> </xsl:text><span class="tag">non-standard</span></xsl:if>
    <xsl:if test="@def:HasNoData = 'Yes'"><xsl:text> </xsl:text><span class="tag">no data</span></xsl:if>
  </xsl:template>

  <xsl:template match="odm:ItemGroupDef">
    <xsl:variable name="id" select="translate(@OID, ' ', '_')"/>
    <section id="{$id}" class="dataset" aria-labelledby="{$id}-title">
      <h2 id="{$id}-title"><span class="code"><xsl:value-of select="@Name"/></span><xsl:text> </xsl:text>
        <xsl:call-template name="words"/><xsl:call-template name="flags"/></h2>
      <p class="about"><xsl:value-of select="@def:Structure"/>
        <xsl:if test="def:Class"> · <xsl:value-of select="def:Class/@Name"/></xsl:if>
        <xsl:if test="@Purpose"> · <xsl:value-of select="@Purpose"/></xsl:if>
        <xsl:if test="@IsReferenceData = 'Yes'"> · reference data</xsl:if>
        <xsl:for-each select="key('standard', @def:StandardOID)"> · <xsl:call-template name="standard-name"/></xsl:for-each>
        <xsl:if test="def:leaf"> · <xsl:apply-templates select="def:leaf"/></xsl:if></p>
      <xsl:if test="@def:CommentOID">
        <p class="remark"><xsl:apply-templates select="key('comment', @def:CommentOID)" mode="text"/></p>
      </xsl:if>
      <table role="table" aria-labelledby="{$id}-title" class="variables">
        <thead role="rowgroup"><tr role="row">
          <th role="columnheader" scope="col">Variable</th><th role="columnheader" scope="col">Label</th>
          <th role="columnheader" scope="col">Type</th><th role="columnheader" scope="col">Values</th>
          <th role="columnheader" scope="col">Origin</th><th role="columnheader" scope="col">How it is made</th>
        </tr></thead>
        <tbody role="rowgroup">
          <xsl:for-each select="odm:ItemRef">
            <xsl:sort select="@OrderNumber" data-type="number"/>
            <xsl:call-template name="variable-row"><xsl:with-param name="id" select="concat($id, '.', translate(@ItemOID, ' ', '_'))"/></xsl:call-template>
          </xsl:for-each>
        </tbody>
      </table>
    </section>
  </xsl:template>

  <xsl:template name="variable-row">
    <xsl:param name="id"/>
    <xsl:variable name="ref" select="."/>
    <xsl:variable name="item" select="key('item', @ItemOID)"/>
    <tr role="row" id="{$id}">
      <td role="cell" data-label="Variable"><span class="name"><xsl:value-of select="$item/@Name"/></span>
        <xsl:if test="@KeySequence"><xsl:text> </xsl:text><span class="tag key" title="key {@KeySequence}">key <xsl:value-of select="@KeySequence"/></span></xsl:if>
        <xsl:if test="@Mandatory = 'Yes'"><xsl:text> </xsl:text><span class="tag" title="never missing">required</span></xsl:if>
        <xsl:call-template name="flags"/></td>
      <td role="cell" data-label="Label"><xsl:for-each select="$item"><xsl:call-template name="words"/></xsl:for-each>
        <xsl:if test="@Role"><br/><span class="soft"><xsl:value-of select="@Role"/></span></xsl:if></td>
      <xsl:call-template name="item-cells"><xsl:with-param name="item" select="$item"/><xsl:with-param name="ref" select="$ref"/></xsl:call-template>
    </tr>
  </xsl:template>

  <!-- Type, values, origin and derivation: the same for a variable and for its values under a condition -->
  <xsl:template name="item-cells">
    <xsl:param name="item"/>
    <xsl:param name="ref"/>
    <td role="cell" data-label="Type"><xsl:value-of select="$item/@DataType"/>
      <xsl:if test="$item/@Length"><xsl:text> </xsl:text><span class="soft"><xsl:value-of select="$item/@Length"/>
        <xsl:if test="$item/@SignificantDigits">.<xsl:value-of select="$item/@SignificantDigits"/></xsl:if></span></xsl:if>
      <xsl:if test="$item/@def:DisplayFormat"><br/><span class="soft">shown <xsl:value-of select="$item/@def:DisplayFormat"/></span></xsl:if></td>
    <td role="cell" data-label="Values">
      <xsl:for-each select="$item/odm:CodeListRef">
        <a href="#{translate(@CodeListOID, ' ', '_')}"><xsl:value-of select="key('codelist', @CodeListOID)/@Name"/></a>
      </xsl:for-each>
      <xsl:for-each select="$item/def:ValueListRef">
        <xsl:if test="../odm:CodeListRef"><br/></xsl:if>
        <a href="#{translate(@ValueListOID, ' ', '_')}">by condition</a>
      </xsl:for-each></td>
    <td role="cell" data-label="Origin"><xsl:apply-templates select="$item/def:Origin"/></td>
    <td role="cell" data-label="How it is made">
      <xsl:if test="$ref/@MethodOID"><xsl:for-each select="key('method', $ref/@MethodOID)">
        <div><xsl:call-template name="words"/><xsl:text> </xsl:text>
          <a class="more" href="#{translate(@OID, ' ', '_')}" aria-label="Method {@Name}">method</a></div>
      </xsl:for-each></xsl:if>
      <xsl:if test="$item/@def:CommentOID">
        <div><xsl:apply-templates select="key('comment', $item/@def:CommentOID)" mode="text"/></div>
      </xsl:if></td>
  </xsl:template>

  <xsl:template match="def:Origin">
    <div><xsl:value-of select="@Type"/>
      <xsl:if test="@Source"><span class="soft"> · <xsl:value-of select="@Source"/></span></xsl:if>
      <xsl:if test="odm:Description"><br/><xsl:call-template name="words"/></xsl:if>
      <xsl:for-each select="def:DocumentRef"><br/><xsl:apply-templates select="."/></xsl:for-each></div>
  </xsl:template>

  <!-- Value level -->
  <xsl:template name="value-level">
    <xsl:if test="$metadata/def:ValueListDef">
      <section id="value-level" aria-labelledby="value-level-title">
        <h2 id="value-level-title">Value level</h2>
        <xsl:for-each select="$metadata/def:ValueListDef">
          <xsl:variable name="id" select="translate(@OID, ' ', '_')"/>
          <h3 id="{$id}"><xsl:call-template name="value-list-name"/></h3>
          <table role="table" aria-labelledby="{$id}" class="values">
            <thead role="rowgroup"><tr role="row">
              <th role="columnheader" scope="col">Where</th><th role="columnheader" scope="col">Label</th>
              <th role="columnheader" scope="col">Type</th><th role="columnheader" scope="col">Values</th>
              <th role="columnheader" scope="col">Origin</th><th role="columnheader" scope="col">How it is made</th>
            </tr></thead>
            <tbody role="rowgroup">
              <xsl:for-each select="odm:ItemRef">
                <xsl:sort select="@OrderNumber" data-type="number"/>
                <xsl:variable name="item" select="key('item', @ItemOID)"/>
                <tr role="row">
                  <td role="cell" data-label="Where"><xsl:apply-templates select="def:WhereClauseRef"/></td>
                  <td role="cell" data-label="Label"><xsl:for-each select="$item"><xsl:call-template name="words"/></xsl:for-each></td>
                  <xsl:call-template name="item-cells"><xsl:with-param name="item" select="$item"/><xsl:with-param name="ref" select="."/></xsl:call-template>
                </tr>
              </xsl:for-each>
            </tbody>
          </table>
        </xsl:for-each>
      </section>
    </xsl:if>
  </xsl:template>

  <xsl:template name="value-list-name">
    <xsl:variable name="owner" select="$metadata/odm:ItemDef[def:ValueListRef/@ValueListOID = current()/@OID][1]"/>
    <xsl:choose>
      <xsl:when test="$owner">
        <xsl:for-each select="key('place-of-item', $owner/@OID)[1]"><xsl:value-of select="../@Name"/>.</xsl:for-each>
        <xsl:value-of select="$owner/@Name"/>
      </xsl:when>
      <xsl:otherwise><xsl:value-of select="@OID"/></xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <xsl:template match="def:WhereClauseRef">
    <xsl:if test="position() &gt; 1"><div class="soft">or</div></xsl:if>
    <xsl:for-each select="key('clause', @WhereClauseOID)">
      <xsl:for-each select="odm:RangeCheck">
        <div class="clause"><xsl:if test="position() &gt; 1"><span class="soft">and </span></xsl:if>
          <span class="name"><xsl:value-of select="key('item', @def:ItemOID)/@Name"/></span>
          <xsl:text> </xsl:text><xsl:call-template name="comparator"/><xsl:text> </xsl:text>
          <xsl:for-each select="odm:CheckValue"><xsl:if test="position() &gt; 1">, </xsl:if>
            <span class="value"><xsl:value-of select="."/></span></xsl:for-each></div>
      </xsl:for-each>
      <xsl:call-template name="comment-link"/>
    </xsl:for-each>
  </xsl:template>

  <xsl:template name="comparator">
    <xsl:choose>
      <xsl:when test="@Comparator = 'EQ'">is</xsl:when>
      <xsl:when test="@Comparator = 'NE'">is not</xsl:when>
      <xsl:when test="@Comparator = 'LT'">&lt;</xsl:when>
      <xsl:when test="@Comparator = 'LE'">≤</xsl:when>
      <xsl:when test="@Comparator = 'GT'">&gt;</xsl:when>
      <xsl:when test="@Comparator = 'GE'">≥</xsl:when>
      <xsl:when test="@Comparator = 'IN'">is one of</xsl:when>
      <xsl:otherwise>is none of</xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <!-- Code lists -->
  <xsl:template name="codelists">
    <xsl:if test="$metadata/odm:CodeList">
      <section id="codelists" aria-labelledby="codelists-title">
        <h2 id="codelists-title">Code lists</h2>
        <xsl:for-each select="$metadata/odm:CodeList">
          <xsl:sort select="@Name"/>
          <xsl:variable name="id" select="translate(@OID, ' ', '_')"/>
          <h3 id="{$id}"><xsl:value-of select="@Name"/>
            <xsl:for-each select="odm:Alias[@Context = 'nci:ExtCodeID']"><xsl:text> </xsl:text><span class="tag"><xsl:value-of select="@Name"/></span></xsl:for-each>
            <xsl:call-template name="flags"/></h3>
          <p class="about"><xsl:value-of select="@DataType"/>
            <xsl:for-each select="key('standard', @def:StandardOID)"> · <xsl:call-template name="standard-name"/></xsl:for-each>
            <xsl:if test="@SASFormatName"> · SAS format <xsl:value-of select="@SASFormatName"/></xsl:if>
            <xsl:call-template name="comment-link"/></p>
          <xsl:choose>
            <xsl:when test="odm:ExternalCodeList"><xsl:apply-templates select="odm:ExternalCodeList"/></xsl:when>
            <xsl:otherwise>
              <table role="table" aria-labelledby="{$id}" class="terms">
                <thead role="rowgroup"><tr role="row">
                  <th role="columnheader" scope="col">Value</th>
                  <xsl:if test="odm:CodeListItem"><th role="columnheader" scope="col">Stands for</th></xsl:if>
                  <th role="columnheader" scope="col">NCI code</th>
                </tr></thead>
                <tbody role="rowgroup"><xsl:apply-templates select="odm:CodeListItem | odm:EnumeratedItem"/></tbody>
              </table>
            </xsl:otherwise>
          </xsl:choose>
        </xsl:for-each>
      </section>
    </xsl:if>
  </xsl:template>

  <xsl:template match="odm:CodeListItem | odm:EnumeratedItem">
    <tr role="row">
      <td role="cell" data-label="Value"><span class="value"><xsl:value-of select="@CodedValue"/></span>
        <xsl:if test="@def:ExtendedValue = 'Yes'"><xsl:text> </xsl:text><span class="tag">sponsor's own</span></xsl:if>
        <xsl:if test="odm:Description"><br/><xsl:call-template name="words"/></xsl:if></td>
      <xsl:if test="self::odm:CodeListItem">
        <td role="cell" data-label="Stands for"><xsl:value-of select="odm:Decode/odm:TranslatedText[1]"/></td>
      </xsl:if>
      <td role="cell" data-label="NCI code"><span class="soft"><xsl:value-of select="odm:Alias[@Context = 'nci:ExtCodeID']/@Name"/></span></td>
    </tr>
  </xsl:template>

  <xsl:template match="odm:ExternalCodeList">
    <p>Dictionary <b><xsl:value-of select="@Dictionary"/></b>
      <xsl:if test="@Version">, version <xsl:value-of select="@Version"/></xsl:if>
      <xsl:if test="@href">, <xsl:call-template name="link"><xsl:with-param name="href" select="@href"/><xsl:with-param name="text" select="@href"/></xsl:call-template></xsl:if>
      <xsl:if test="@ref">, <xsl:value-of select="@ref"/></xsl:if></p>
  </xsl:template>

  <!-- Methods and comments -->
  <xsl:template name="methods">
    <xsl:if test="$metadata/odm:MethodDef">
      <section id="methods" aria-labelledby="methods-title">
        <h2 id="methods-title">Methods</h2>
        <xsl:for-each select="$metadata/odm:MethodDef">
          <article id="{translate(@OID, ' ', '_')}">
            <h3><xsl:value-of select="@Name"/><xsl:text> </xsl:text><span class="tag"><xsl:value-of select="@Type"/></span></h3>
            <p class="prose"><xsl:call-template name="words"/></p>
            <xsl:for-each select="odm:FormalExpression">
              <p class="about"><xsl:value-of select="@Context"/></p>
              <pre tabindex="0"><xsl:value-of select="."/></pre>
            </xsl:for-each>
            <xsl:for-each select="def:DocumentRef"><p><xsl:apply-templates select="."/></p></xsl:for-each>
          </article>
        </xsl:for-each>
      </section>
    </xsl:if>
  </xsl:template>

  <xsl:template name="comments">
    <xsl:if test="$metadata/def:CommentDef">
      <section id="comments" aria-labelledby="comments-title">
        <h2 id="comments-title">Comments</h2>
        <dl class="comments">
          <xsl:for-each select="$metadata/def:CommentDef">
            <div id="{translate(@OID, ' ', '_')}"><dt><xsl:value-of select="@OID"/></dt>
              <dd><xsl:apply-templates select="." mode="text"/></dd></div>
          </xsl:for-each>
        </dl>
      </section>
    </xsl:if>
  </xsl:template>

  <xsl:template match="def:CommentDef" mode="text">
    <span class="prose"><xsl:call-template name="words"/></span>
    <xsl:for-each select="def:DocumentRef"><xsl:text> </xsl:text><xsl:apply-templates select="."/></xsl:for-each>
  </xsl:template>

  <xsl:template name="comment-link">
    <xsl:if test="@def:CommentOID"><xsl:text> </xsl:text>
      <a class="more" href="#{translate(@def:CommentOID, ' ', '_')}">comment</a></xsl:if>
  </xsl:template>

  <!-- Words, links, documents -->
  <xsl:template name="words"><xsl:value-of select="odm:Description/odm:TranslatedText[1]"/></xsl:template>

  <xsl:template name="standard-name">
    <xsl:value-of select="@Name"/><xsl:text> </xsl:text>
    <xsl:if test="@PublishingSet"><xsl:value-of select="@PublishingSet"/><xsl:text> </xsl:text></xsl:if>
    <xsl:value-of select="@Version"/>
  </xsl:template>

  <xsl:template match="def:leaf">
    <xsl:call-template name="link"><xsl:with-param name="href" select="@xlink:href"/>
      <xsl:with-param name="text" select="def:title"/></xsl:call-template>
  </xsl:template>

  <!-- A link only to a file or the web: no other scheme is followed. -->
  <xsl:template name="link">
    <xsl:param name="href"/>
    <xsl:param name="text"/>
    <xsl:choose>
      <xsl:when test="contains(substring-before(concat($href, '/'), '/'), ':') and not(starts-with($href, 'https://')) and not(starts-with($href, 'http://'))">
        <xsl:value-of select="$text"/>
      </xsl:when>
      <xsl:otherwise><a href="{$href}"><xsl:value-of select="$text"/></a></xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <xsl:template match="def:DocumentRef">
    <xsl:variable name="leaf" select="key('leaf', @leafID)"/>
    <xsl:choose>
      <xsl:when test="def:PDFPageRef">
        <xsl:value-of select="$leaf/def:title"/>
        <xsl:for-each select="def:PDFPageRef">
          <xsl:choose>
            <xsl:when test="@PageRefs and @Type = 'PhysicalRef'">, page <xsl:call-template name="pages">
              <xsl:with-param name="rest" select="normalize-space(@PageRefs)"/><xsl:with-param name="href" select="$leaf/@xlink:href"/>
              <xsl:with-param name="mark" select="'#page='"/></xsl:call-template></xsl:when>
            <xsl:when test="@PageRefs">, <xsl:call-template name="pages">
              <xsl:with-param name="rest" select="normalize-space(@PageRefs)"/><xsl:with-param name="href" select="$leaf/@xlink:href"/>
              <xsl:with-param name="mark" select="'#'"/></xsl:call-template></xsl:when>
            <xsl:otherwise>, pages <xsl:call-template name="link">
              <xsl:with-param name="href" select="concat($leaf/@xlink:href, '#page=', @FirstPage)"/>
              <xsl:with-param name="text" select="concat(@FirstPage, '–', @LastPage)"/></xsl:call-template></xsl:otherwise>
          </xsl:choose>
          <xsl:if test="@Title"> (<xsl:value-of select="@Title"/>)</xsl:if>
        </xsl:for-each>
      </xsl:when>
      <xsl:otherwise><xsl:apply-templates select="$leaf"/></xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <xsl:template name="pages">
    <xsl:param name="rest"/>
    <xsl:param name="href"/>
    <xsl:param name="mark"/>
    <xsl:variable name="page" select="substring-before(concat($rest, ' '), ' ')"/>
    <xsl:call-template name="link"><xsl:with-param name="href" select="concat($href, $mark, $page)"/>
      <xsl:with-param name="text" select="$page"/></xsl:call-template>
    <xsl:if test="contains($rest, ' ')"><xsl:text> </xsl:text>
      <xsl:call-template name="pages"><xsl:with-param name="rest" select="substring-after($rest, ' ')"/>
        <xsl:with-param name="href" select="$href"/><xsl:with-param name="mark" select="$mark"/></xsl:call-template>
    </xsl:if>
  </xsl:template>

  <xsl:template name="style">
    <style>
      :root { color-scheme: light dark; --ink: #1c2530; --soft: #5b6776; --line: #dfe4ea; --paper: #ffffff; --side: #f5f7fa;
        --accent: #0b5cad; --tint: #e8f0f9; --mark: #fff6d6; }
      @media (prefers-color-scheme: dark) { :root { --ink: #e6eaef; --soft: #9fabb8; --line: #323b46; --paper: #14191f;
        --side: #1b2128; --accent: #7db7f2; --tint: #1f3247; --mark: #3d3618; } }
      * { box-sizing: border-box; }
      html { scroll-padding-top: 1rem; }
      body { margin: 0; color: var(--ink); background: var(--paper); font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
        display: grid; grid-template-columns: 17rem minmax(0, 1fr); }
      a { color: var(--accent); text-decoration-thickness: 1px; text-underline-offset: 2px; }
      a:focus-visible, summary:focus-visible, pre:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
      .skip { position: absolute; left: -99rem; }
      .skip:focus { left: 1rem; top: 1rem; z-index: 2; background: var(--paper); padding: .5rem 1rem; }
      nav { position: sticky; top: 0; height: 100vh; overflow-y: auto; background: var(--side); border-right: 1px solid var(--line); padding: 1.25rem 1rem; font-size: 14px; }
      nav p { margin: .4rem 0; font-weight: 600; }
      nav .study { font-size: 16px; margin: 0 0 1rem; }
      nav a { text-decoration: none; }
      nav a:hover { text-decoration: underline; }
      nav summary { cursor: pointer; font-weight: 600; margin: .4rem 0; }
      nav ul { list-style: none; margin: 0 0 .75rem; padding: 0; }
      nav li a { display: block; padding: .18rem .5rem; border-radius: 4px; color: inherit; overflow-wrap: anywhere; }
      nav li a:hover { background: var(--tint); text-decoration: none; }
      nav li span, .soft, .count { color: var(--soft); }
      .count { font-weight: 400; font-size: 13px; }
      main { padding: 2rem clamp(1rem, 3vw, 3rem) 4rem; max-width: 100rem; }
      main:focus { outline: none; }
      .kicker { margin: 0; color: var(--soft); }
      h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 .5rem; }
      h2 { font-size: 1.35rem; line-height: 1.3; margin: 3rem 0 .5rem; padding-top: 1rem; border-top: 1px solid var(--line); }
      h3 { font-size: 1.05rem; margin: 2rem 0 .35rem; }
      .lead { font-size: 1.1rem; max-width: 60rem; margin: 0 0 1.25rem; }
      .facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: .75rem 1.5rem; margin: 0 0 1rem; }
      dt { color: var(--soft); font-size: 13px; }
      dd { margin: 0; overflow-wrap: anywhere; }
      .comments dt { overflow-wrap: anywhere; }
      .about { color: var(--soft); margin: 0 0 .75rem; }
      .remark { white-space: pre-line; max-width: 60rem; border-left: 3px solid var(--line); padding-left: .9rem; }
      .prose { white-space: pre-line; max-width: 60rem; }
      .documents { padding-left: 1.1rem; }
      .code { color: var(--accent); }
      .name, .keys, .value { font-family: ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace; font-size: .92em; }
      .name { font-weight: 600; }
      .tag { display: inline-block; font: 12px/1.5 system-ui, sans-serif; padding: 0 .45em; border-radius: 3px; background: var(--tint); color: var(--ink); white-space: nowrap; vertical-align: baseline; }
      .tag.key { background: var(--mark); }
      .more { font-size: 13px; white-space: nowrap; }
      table { border-collapse: collapse; width: 100%; }
      th { text-align: left; font-weight: 600; font-size: 13px; color: var(--soft); position: sticky; top: 0; background: var(--paper); box-shadow: inset 0 -1px var(--line); }
      th, td { padding: .5rem .9rem .5rem 0; vertical-align: top; }
      td { border-bottom: 1px solid var(--line); overflow-wrap: break-word; }
      .variables th:nth-child(1) { width: 13rem; } .variables th:nth-child(2), .values th:nth-child(2) { width: 16%; }
      .variables th:nth-child(3), .values th:nth-child(3) { width: 7.5rem; } .variables th:nth-child(4), .values th:nth-child(4) { width: 13%; }
      .variables th:nth-child(5), .values th:nth-child(5) { width: 13.5rem; }
      .values th:nth-child(1) { width: 17rem; } .values th:nth-child(4) { width: 10%; } .values th:nth-child(5) { width: 16rem; }
      .terms { width: auto; min-width: min(100%, 26rem); max-width: 60rem; } .terms th:last-child { width: 7rem; } .terms td { min-width: 9rem; }
      tr:target { background: var(--mark); }
      :target > dt, h3:target { background: var(--mark); }
      td > div + div { margin-top: .4rem; }
      pre { background: var(--side); border: 1px solid var(--line); border-radius: 4px; padding: .75rem; overflow-x: auto; max-width: 60rem; }
      .comments > div { padding: .6rem 0; border-bottom: 1px solid var(--line); max-width: 70rem; }
      footer { margin-top: 3rem; color: var(--soft); font-size: 13px; }
      @media screen and (max-width: 760px) {
        body { display: block; font-size: 16px; }
        nav { position: static; height: auto; max-height: 45vh; border-right: 0; border-bottom: 1px solid var(--line); }
        nav li a { padding: .4rem .5rem; }
        table, tbody, tr, td { display: block; width: 100%; }
        thead { position: absolute; left: -99rem; }
        tr { padding: .75rem 0; border-bottom: 2px solid var(--line); }
        td { border: 0; padding: .15rem 0 .15rem 7.5rem; position: relative; min-height: 1.6rem; }
        td::before { content: attr(data-label); position: absolute; left: 0; width: 7rem; color: var(--soft); font-size: 13px; }
        td:empty { display: none; }
      }
      @media print {
        :root { color-scheme: light; --ink: #000; --soft: #444; --line: #bbb; --paper: #fff; --tint: #eee; --mark: #eee; --accent: #000; }
        body { display: block; font-size: 9pt; }
        nav, .skip { display: none; }
        main { padding: 0; max-width: none; }
        h2 { break-after: avoid; } section.dataset { break-before: page; }
        h3 { break-after: avoid; }
        thead { display: table-header-group; } th { position: static; box-shadow: none; border-bottom: 1px solid var(--line); }
        tr, article { break-inside: avoid; }
        @page { size: A4 landscape; margin: 14mm; }
      }
    </style>
  </xsl:template>
</xsl:stylesheet>
